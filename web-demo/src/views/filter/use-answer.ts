/** What a filter finds, and how: asked anew when it changes, the plan first, while nothing remembers what the filter matches. */
import { isElanusError } from 'elanus';
import type { Explanation } from 'elanus';
import { useEffect, useState } from 'preact/hooks';
import type { Entity } from '../../collections/dataset.ts';
import { foreground } from '../../session/foreground.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import type { Id } from '../../session/rows.ts';
import { useStore } from '../../util/store.ts';
import type { ListHit } from '../list/list-hit.ts';

export const SHOWN = 24;
export const NEAREST = 10;
/** Typing goes on: the last letter asks. */
const PAUSE_MS = 150;
/** A plan is measured some times, unless that takes long: a browser's clock is coarse. */
const RUNS = 12;
const LONG_MS = 80;
/** Only the first of them may have to read files; it is done again unless even so it would take too long. */
const TOO_LONG_MS = 2_000;

/** What the language says about a text, and where. */
export interface Mistake {
  readonly code: string;
  readonly sentence: string;
  /** The line it is in, and carets under the place. */
  readonly excerpt: string;
  /** UTF-16 offset. */
  readonly position: number;
  readonly expected: string;
}

export interface Answer {
  /** What was asked: it may be older than what is typed. */
  readonly text: string;
  readonly explanation: Explanation | null;
  /** Rows that match. */
  readonly count: number | null;
  readonly countMs: number;
  readonly hits: readonly ListHit[];
  readonly mistake: Mistake | null;
  readonly error: string | null;
}

const NOTHING: Answer = { text: '', explanation: null, count: null, countMs: 0, hits: [], mistake: null, error: null };

/** `text` null: it is not known yet. `round`: ask again when it changes. */
export function useAnswer(open: OpenCollection, text: string | null, near: Id | null, round: unknown): Answer {
  const [answer, setAnswer] = useState<Answer>(NOTHING);
  const { version, rows, isIndexed } = useStore(open.state);
  useEffect(() => {
    if (text === null || rows === 0) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      ask(open, text, near, abort.signal, (part) => !abort.signal.aborted && setAnswer((before) => ({ ...before, ...part }))).catch((cause: unknown) => {
        if (!abort.signal.aborted) setAnswer({ ...NOTHING, text, ...failureOf(cause) });
      });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [open, text, near, version, isIndexed, rows === 0, round]);
  return answer;
}

async function ask(open: OpenCollection, text: string, near: Id | null, signal: AbortSignal, tell: (part: Partial<Answer>) => void): Promise<void> {
  const { collection, dataset } = open;
  const explanation = await foreground(() => explained(open, text, near, signal));
  tell({ text, explanation, mistake: null, error: null });
  const outputFields = [...new Set([dataset.key, ...dataset.cardFields])];
  const begin = performance.now();
  const count = await collection.count(text, { signal });
  tell({ count, countMs: performance.now() - begin });
  if (near === null) {
    const entities = (await collection.query({ filter: text, limit: SHOWN, outputFields, signal })) as Entity[];
    tell({ hits: entities.map((entity) => ({ id: entity[dataset.key] as Id, entity })) });
    return;
  }
  const [found] = await collection.search({ ids: [near], field: dataset.vector.field, limit: NEAREST, filter: text, outputFields, signal } as never) as unknown as { id: Id; score: number; entity: Entity }[][];
  tell({ hits: found.map(({ id, score, entity }) => ({ id, score, entity })) });
}

let runs = 0;

/**
 * The read, done some times, with the means of its times. A value that the filter does not name makes it another filter each time, so that
 * nothing is remembered of the last.
 */
async function explained({ collection, dataset }: OpenCollection, filter: string, near: Id | null, signal: AbortSignal): Promise<Explanation> {
  const plans: Explanation[] = [];
  for (let spent = 0; plans.length < RUNS && spent < (plans.length === 1 ? TOO_LONG_MS : LONG_MS); spent += plans.at(-1)!.totalMs) {
    const shared = { filter, filterParams: { run: ++runs }, signal };
    const read = near === null ? { ...shared, limit: SHOWN } : { ...shared, ids: [near], field: dataset.vector.field, limit: NEAREST };
    plans.push(await collection.explain(read as never));
  }
  // The first had to read what the others found in memory.
  return meanOf(plans.length > 2 ? plans.slice(1) : plans.slice(-1));
}

function meanOf(plans: readonly Explanation[]): Explanation {
  const last = plans.at(-1)!;
  // Rows may have come in between: then the last is told alone.
  if (plans.some(({ segments }) => segments.length !== last.segments.length)) return last;
  const mean = (pick: (plan: Explanation) => number): number => plans.reduce((sum, plan) => sum + pick(plan), 0) / plans.length;
  return {
    ...last,
    compileMs: mean(({ compileMs }) => compileMs),
    totalMs: mean(({ totalMs }) => totalMs),
    segments: last.segments.map((segment, i) => ({ ...segment, filterMs: mean(({ segments }) => segments[i].filterMs), searchMs: mean(({ segments }) => segments[i].searchMs) })),
  };
}

function failureOf(cause: unknown): Pick<Answer, 'mistake' | 'error'> {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (!isElanusError(cause) || typeof cause.detail.position !== 'number') return { mistake: null, error: message };
  const [sentence, ...excerpt] = message.split('\n');
  const { position, expected } = cause.detail as { position: number; expected: string };
  return { mistake: { code: cause.code, sentence: sentence.replace(/^filter: /, ''), excerpt: excerpt.join('\n'), position, expected }, error: null };
}
