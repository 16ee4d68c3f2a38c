/** The engines that the tests of the API run over. Each test file describes itself once per engine. */
import { makeConnect } from '../../src/api/connect.ts';
import type { Connect } from '../../src/api/connect.ts';
import type { EngineEvent, EngineLauncher } from '../../src/engine/client.ts';
import { makeLauncher } from '../../src/launch.ts';
import { nodePlatform } from '../../src/platform/node.ts';
import { strictLauncher } from './strict-engine.ts';

export interface TestEngine {
  readonly name: string;
  readonly connect: Connect;
}

// Nothing of it is started: `mode: 'inline'` has no threads.
const noWorker = new URL('./no-worker.js', import.meta.url);
/** The real one, in this process; to be used with `mode: 'inline'`. */
const launchInNode = makeLauncher(nodePlatform(noWorker));
export const connectInNode: Connect = makeConnect(launchInNode);

/** A new database in memory, whatever was asked for. */
const inMemory: EngineLauncher = ({ options }, context) => {
  context.onProgress?.({ phase: 'recover', done: 1, total: 1 });
  return launchInNode({ url: 'memory:', mode: 'inline', options: { ...options, readOnly: false } }, context);
};

export const engines: readonly TestEngine[] = [
  { name: 'the engine on this thread', connect: (url, options) => connectInNode(url, { mode: 'inline', ...options }) },
  { name: 'the engine behind messages', connect: makeConnect(strictLauncher(inMemory).launch) },
  { name: 'the engine behind messages, answering at once', connect: makeConnect(strictLauncher(inMemory, { isSync: true }).launch) },
];

/** An engine whose events the test sends itself, with the requests it was launched by. */
export function connectToStrict(): { connect: Connect; emit: (event: EngineEvent) => void; requests: Parameters<EngineLauncher>[0][] } {
  const { launch, emit, requests } = strictLauncher(inMemory);
  return { connect: makeConnect(launch), emit, requests };
}
