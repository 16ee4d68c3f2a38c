/** The thread of Node, engine or build: its first call says which. */
import { useTwin } from './kernels/instantiate.ts';
import { scalarInstance } from './kernels/scalar.ts';
import { openNodeStore } from './platform/node-stores.ts';
import { ownerEndpoint, startNodeThread } from './platform/node-threads.ts';
import { parts } from './on-demand.ts';
import { openEncryptedStore } from './storage/encrypted.ts';
import { threadRoles } from './roles.ts';
import { serveThread } from './worker/host.ts';

useTwin(scalarInstance);

const script = new URL(import.meta.url);
const roles = threadRoles({ openStore: openNodeStore, onDemand: async () => parts, encrypted: openEncryptedStore, spawnBuildWorker: () => startNodeThread(script, 'build') });

const owner = ownerEndpoint();
if (owner === null) throw new Error('this file is the worker of elanus: it is started by the library');
serveThread(owner, roles);
