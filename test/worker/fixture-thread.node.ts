/** Bundled by the test and started as a worker thread. */
import { ownerEndpoint } from '../../src/platform/node-threads.ts';
import { serveThread } from '../../src/worker/host.ts';
import { fixtureRoles } from './fixture-roles.ts';

serveThread(ownerEndpoint()!, fixtureRoles);
