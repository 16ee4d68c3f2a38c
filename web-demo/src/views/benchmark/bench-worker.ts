/** One engine: loaded, built, asked. Another worker is started for the next one, so that none leaves anything behind. */
import { rowOf } from '../../measure/truth.ts';
import type { Engine, EngineId, Way } from './engines/engine.ts';
import type { BenchReply, BenchRequest, MeasuredWay } from './messages.ts';

const LOADERS: Readonly<Record<EngineId, () => Promise<{ readonly engine: Engine }>>> = {
  elanus: () => import('./engines/elanus.ts'),
  edgevec: () => import('./engines/edgevec.ts'),
  orama: () => import('./engines/orama.ts'),
  'hnswlib-wasm': () => import('./engines/hnswlib-wasm.ts'),
};

/** Engines compile what runs often: until then searches are slower. */
const WARM_UP_MS = 300;
const ROUNDS = 10;
/** Beyond the second, rounds end after so long. */
const ROUNDS_MS = 5_000;

const scope = globalThis as unknown as { onmessage: ((event: MessageEvent<BenchRequest>) => void) | null; postMessage(reply: BenchReply): void };

scope.onmessage = ({ data }) => {
  run(data).catch((error: unknown) => scope.postMessage({ kind: 'failed', message: error instanceof Error ? error.message : String(error), isEval: error instanceof EvalError }));
};

async function run({ engine: id, matrix, queries, k, params, breadths }: BenchRequest): Promise<void> {
  const tell = (label: string, share: number) => scope.postMessage({ kind: 'progress', label, share });
  tell('Loading', 0);
  const begin = performance.now();
  const { engine } = await LOADERS[id]();
  const loadMs = performance.now() - begin;
  tell('Building', 0);
  const vectors = queries.map((query) => rowOf(matrix, query).slice());
  const { ways, ...built } = await engine.build(matrix, params, vectors, k, breadths, (share) => tell('Building', share));
  const measured: (MeasuredWay & { readonly rounds: number[][] })[] = [];
  await warmUp(ways[ways.length >> 1], queries.length);
  for (const [i, way] of ways.entries()) {
    tell('Searching', i / ways.length / 2);
    const found: number[][] = [];
    measured.push({ breadth: way.breadth, found, rounds: [await ask(way, queries.length, found)] });
  }
  const end = performance.now() + ROUNDS_MS;
  for (let round = 1; round < ROUNDS && (round === 1 || performance.now() < end); round++) {
    tell('Searching', 0.5 + round / ROUNDS / 2);
    for (const [i, way] of ways.entries()) measured[i].rounds.push(await ask(way, queries.length, null));
  }
  scope.postMessage({ kind: 'measured', measured: { loadMs, ...built, ways: measured } });
}

async function warmUp(way: Way, queries: number): Promise<void> {
  way.prepare();
  const end = performance.now() + WARM_UP_MS;
  for (let query = 0; query < queries && performance.now() < end; query++) await way.search(query);
}

/** All queries, one at a time: milliseconds of each. `found`: is given the rows of each. */
async function ask(way: Way, queries: number, found: number[][] | null): Promise<number[]> {
  way.prepare();
  const times: number[] = [];
  for (let query = 0; query < queries; query++) {
    const begin = performance.now();
    const answer = await way.search(query);
    times.push(performance.now() - begin);
    found?.push(way.rowsOf(answer));
  }
  return times;
}
