/** A script that calls a thread, awaits the reply and never ends the thread: it must end by itself, and not before. */
import { startNodeThread } from '../../src/platform/node-threads.ts';
import { startRole } from '../../src/worker/thread.ts';
import { STUB_METHODS, type Stub } from './fixture-roles.ts';

const handle = await startNodeThread(new URL(process.argv[2]!), 'build');
const { client } = await startRole<Stub>(handle, { role: 'stub' }, STUB_METHODS, { what: 'stub' });
console.log(`answered ${await client.count({ total: 200 })}`);
