/**
 * Finding the search parameters for a recall on a collection's own rows: exact search says what is right, then one knob
 * after another is turned until enough of it is found, with as little work as that takes. Imported when it is called.
 */
import type { CallContext, EngineClient, SearchReply, SearchRequest } from '../engine/client.ts';
import type { IndexSpec } from '../schema/types.ts';
import { isElanusError, throwIfAborted } from '../util/error.ts';
import { yieldToHost } from '../util/yield.ts';
import type { TuneResult, TuneTrial } from './collection.ts';
import { copyVectors } from '../schema/vector-types/queries.ts';

/** Twice as broad for less than this is not worth trying on. */
const GAIN_MIN = 0.001;
const BREADTH_MAX = 16_384;
/** A breadth is found to within this share of itself. */
const RESOLUTION = 1.15;
const WARM_UP = 8;
/** On the engine's own thread a search answers without giving way: the host gets its turn this often. */
const SLICE_MS = 20;

type Params = Readonly<Record<string, number>>;

/** Whether an index answers with the true scores of its rows, so that a row that ties with the last right one can be told. */
const hasTrueScores = (spec: IndexSpec | null): boolean => spec === null || spec.type === 'FLAT' || spec.type === 'HNSW' || spec.type === 'IVF_FLAT' || (spec.params['refine'] === true && spec.params['refine_type'] === 'FP32') || (spec.type === 'SCANN' && spec.params['with_raw_data'] !== false);

/** The knob that sets how far a search looks, and the values of the other one that are worth trying. */
interface Knobs {
  readonly breadth: string;
  readonly least: number;
  readonly most: number;
  readonly others: readonly Params[];
}

/** What can be turned, by what serves. A type that is not here is exact. */
function knobsOf({ type, params }: IndexSpec, limit: number): Knobs | null {
  const ef = { breadth: 'ef', least: limit, most: BREADTH_MAX };
  const nprobe = { breadth: 'nprobe', least: 1, most: Number(params['nlist']) };
  const refined = (...values: number[]): Params[] => (params['refine'] === true ? values.map((value) => ({ refine_k: value })) : [{}]);
  if (type === 'HNSW') return { ...ef, others: [{}] };
  if (type === 'HNSW_SQ') return { ...ef, others: params['sq_type'] === 'SQ4U' ? refined(2, 4, 8) : refined(1, 2, 4) };
  if (type === 'HNSW_PQ') return { ...ef, others: refined(4, 10, 30) };
  if (type === 'HNSW_PRQ') return { ...ef, others: refined(10, 30, 100) };
  if (type === 'IVF_FLAT') return { ...nprobe, others: [{}] };
  if (type === 'IVF_SQ8') return { ...nprobe, others: refined(1, 2, 4) };
  if (type === 'IVF_PQ' || type === 'IVF_RABITQ') return { ...nprobe, others: refined(5, 15, 40) };
  if (type === 'SCANN') return { ...nprobe, others: params['with_raw_data'] === false ? [{}] : [2, 5, 15].map((times) => ({ reorder_k: times * limit })) };
  return null;
}

interface Measured extends TuneTrial {
  readonly meanMs: number;
}

export interface TuneJob {
  readonly engine: EngineClient;
  /** All queries, the limit, and no params. */
  readonly request: SearchRequest;
  readonly field: string;
  readonly target: number;
  readonly context: CallContext | undefined;
}

/** ABORTED between two searches when the signal fires. */
export async function tune({ engine, request, field, target, context }: TuneJob): Promise<TuneResult> {
  const { collectionId, fieldId, limit, nq } = request;
  const signal = context?.signal;
  const queries = Array.from({ length: nq }, (_, i) => copyVectors(request.queries, nq, i, i + 1));

  const truth = await exactAnswers(engine, request, context);
  const servedBy = await served(engine, collectionId, fieldId);
  const knobs = servedBy && knobsOf(servedBy, limit);
  const isTrue = hasTrueScores(servedBy);
  const isDistance = servedBy?.metric !== 'IP' && servedBy?.metric !== 'COSINE';
  const tried: Measured[] = [];
  let done = 0;
  const measure = async (params: Params): Promise<Measured> => {
    const times = new Float64Array(nq);
    const ask = (i: number): SearchReply | Promise<SearchReply> => engine.search({ ...request, queries: copyVectors(queries[i], 1, 0, 1), nq: 1, params }, undefined);
    for (let i = 0; i < Math.min(WARM_UP, nq); i++) await ask(i);
    let found = 0;
    let wanted = 0;
    let sliceStart = performance.now();
    for (let i = 0; i < nq; i++) {
      if (performance.now() - sliceStart > SLICE_MS) {
        await yieldToHost();
        sliceStart = performance.now();
      }
      throwIfAborted(signal);
      const started = performance.now();
      const answer = ask(i);
      const { keys, scores } = 'then' in answer ? await answer : answer;
      times[i] = performance.now() - started;
      const { right, last } = truth[i];
      for (let j = 0; j < keys.length; j++) if (right.has(keys[j]) || (isTrue && (isDistance ? scores[j] <= last : scores[j] >= last))) found++;
      wanted += right.size;
    }
    const meanMs = times.reduce((sum, time) => sum + time, 0) / nq;
    times.sort();
    const trial = { params, recall: wanted === 0 ? 1 : found / wanted, latencyMs: { p50: quantile(times, 0.5), p95: quantile(times, 0.95) }, meanMs };
    tried.push(trial);
    context?.onProgress?.({ phase: 'tune', done: ++done, total: Math.max(expected, done) });
    return trial;
  };
  const steps = knobs ? Math.ceil(Math.log2(Math.max(knobs.most / knobs.least, 1))) + 4 : 1;
  const expected = knobs ? knobs.others.length * steps : 1;

  if (knobs) for (const other of knobs.others) await turn(knobs, other, target, measure);
  else await measure({});
  const enough = tried.filter((trial) => trial.recall >= target);
  const best = enough.length > 0
    ? enough.reduce((a, b) => (b.meanMs < a.meanMs ? b : a))
    : tried.reduce((a, b) => (b.recall > a.recall || (b.recall === a.recall && b.meanMs < a.meanMs) ? b : a));
  if (context?.onProgress && done < expected) context.onProgress({ phase: 'tune', done: expected, total: expected });
  const plain = ({ params, recall, latencyMs }: Measured): TuneTrial => ({ params, recall, latencyMs });
  return { field, index: servedBy?.type ?? 'FLAT', ...plain(best), isReached: enough.length > 0, tried: tried.map(plain) };
}

/** Doubles the breadth until recall is enough or grows no more, then goes back to the least that is enough. */
async function turn({ breadth, least, most }: Knobs, other: Params, target: number, measure: (params: Params) => Promise<Measured>): Promise<void> {
  let low = 0;
  let high = 0;
  let recall = 0;
  for (let at = least; at <= most; at = at < most ? Math.min(at * 2, most) : Infinity) {
    const trial = await measure({ [breadth]: at, ...other });
    if (trial.recall >= target) {
      high = at;
      break;
    }
    if (at > 4 * least && trial.recall - recall < GAIN_MIN) return;
    recall = trial.recall;
    low = at;
  }
  if (high === 0 || low === 0) return;
  while (high / low > RESOLUTION && high - low > 1) {
    const middle = Math.round(Math.sqrt(low * high));
    if (middle === low || middle === high) return;
    if ((await measure({ [breadth]: middle, ...other })).recall >= target) high = middle;
    else low = middle;
  }
}

/** The best `limit` rows, and the score of the last of them. */
interface Truth {
  readonly right: ReadonlySet<bigint | string>;
  readonly last: number;
}

async function exactAnswers(engine: EngineClient, request: SearchRequest, context: CallContext | undefined): Promise<Truth[]> {
  const { ends, keys, scores } = await engine.search({ ...request, queries: copyVectors(request.queries, request.nq, 0, request.nq), exact: true }, context?.signal ? { signal: context.signal } : undefined);
  const answers: Truth[] = [];
  let from = 0;
  for (const end of ends) {
    answers.push({ right: new Set<bigint | string>(keys.slice(from, end)), last: scores[end - 1] });
    from = end;
  }
  return answers;
}

/** What is built for the field; null where it has no index. */
async function served(engine: EngineClient, collectionId: number, fieldId: number): Promise<IndexSpec | null> {
  try {
    return (await engine.describeIndex({ collectionId, fieldId })).servedBy;
  } catch (error) {
    if (isElanusError(error) && error.code === 'NOT_FOUND' && (await engine.indexProgress({ collectionId, fieldId })).state === 'none') return null;
    throw error;
  }
}

const quantile = (sorted: Float64Array, share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
