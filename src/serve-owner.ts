/** What the worker scripts of a page have in common: they say that they live, and serve whoever started them. */
import { holdLifeLock, ownerEndpoint, startNestedThread } from './platform/browser-threads.ts';
import { openBrowserStore } from './platform/browser-stores.ts';
import { threadRoles } from './roles.ts';
import { serveThread } from './worker/host.ts';

export async function serveOwner(): Promise<void> {
  const roles = threadRoles({ openStore: openBrowserStore, spawnBuildWorker: startNestedThread });
  serveThread(ownerEndpoint(), roles, await holdLifeLock());
}
