/** The engines that the tests of the API run over. Each test file describes itself once per engine. */
import { makeConnect } from '../../src/api/connect.ts';
import type { Connect } from '../../src/api/connect.ts';
import type { EngineEvent, EngineLauncher } from '../../src/engine/client.ts';
import { makeLauncher } from '../../src/launch.ts';
import { nodePlatform } from '../../src/platform/node.ts';
import { fakeLauncher } from './fake-engine.ts';

export interface TestEngine {
  readonly name: string;
  readonly connect: Connect;
}

// Nothing of it is started: `mode: 'inline'` has no threads.
const noWorker = new URL('./no-worker.js', import.meta.url);
/** The real one, in this process; to be used with `mode: 'inline'`. */
export const connectInNode: Connect = makeConnect(makeLauncher(nodePlatform(noWorker)));

export const engines: readonly TestEngine[] = [
  { name: 'the engine on this thread', connect: (url, options) => connectInNode(url, { mode: 'inline', ...options }) },
  { name: 'a Map of rows behind messages', connect: makeConnect(fakeLauncher().launch) },
  { name: 'a Map of rows that answers at once', connect: makeConnect(fakeLauncher({ isSync: true }).launch) },
];

/** A fake engine whose events the test sends itself, with the requests it was launched by. */
export function connectToFake(): { connect: Connect; emit: (event: EngineEvent) => void; requests: Parameters<EngineLauncher>[0][] } {
  const { launch, emit, requests } = fakeLauncher();
  return { connect: makeConnect(launch), emit, requests };
}
