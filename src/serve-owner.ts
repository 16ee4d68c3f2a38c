/** What the worker scripts of a page have in common: they say that they live, and serve whoever started them. */
import { holdLifeLock, ownerEndpoint, startNestedThread } from './platform/browser-threads.ts';
import { openBrowserStore } from './platform/browser-stores.ts';
import { threadRoles, type RoleHost } from './roles.ts';
import { serveThread } from './worker/host.ts';

/** `more`: what this script brings beside the rest. */
export async function serveOwner(more: Pick<RoleHost, 'encrypted' | 'onDemand'>): Promise<void> {
  const roles = threadRoles({ openStore: openBrowserStore, spawnBuildWorker: startNestedThread, ...more });
  serveThread(ownerEndpoint(), roles, await holdLifeLock());
}
