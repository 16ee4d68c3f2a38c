/** The worker of a page, engine or build: its first call says which. Becomes `worker.js`, one file without imports. */
import { holdLifeLock, ownerEndpoint, startNestedThread } from './platform/browser-threads.ts';
import { openBrowserStore } from './platform/browser-stores.ts';
import { threadRoles } from './roles.ts';
import { serveThread } from './worker/host.ts';

const roles = threadRoles({ openStore: openBrowserStore, spawnBuildWorker: startNestedThread });

holdLifeLock().then((lifeLock) => serveThread(ownerEndpoint(), roles, lifeLock));
