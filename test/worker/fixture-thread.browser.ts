/** Started as a worker by the browser's tests. */
import { holdLifeLock, ownerEndpoint } from '../../src/platform/browser-threads.ts';
import { serveThread } from '../../src/worker/host.ts';
import { fixtureRoles } from './fixture-roles.ts';

holdLifeLock().then((lifeLock) => serveThread(ownerEndpoint(), fixtureRoles, lifeLock));
