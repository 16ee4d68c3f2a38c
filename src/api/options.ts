/**
 * Checks that every call shares: which options there are, which are designed and not there yet, numbers in their
 * range, signals. On the path of every search, so nothing here allocates unless it refuses.
 */
import type { CallContext, FilterInput, Progress } from '../engine/client.ts';
import { NO_ROW, isRecord, notSupported, refuse, show } from '../schema/refuse.ts';
import { ElanusError, throwIfAborted } from '../util/error.ts';

/** Options that every call takes. */
export interface CallOptions {
  /** Ends the call with ABORTED. */
  readonly signal?: AbortSignal;
}

/** Of calls that take no others. */
export const SIGNAL_ONLY: ReadonlySet<string> = new Set(['signal']);

/** Most hits of one search, `offset` included, and most queries of one call. */
export const MAX_LIMIT = 16_384;

/** A hundred years. */
export const RETENTION_SECONDS_MAX = 3_155_760_000;

/** INVALID_ARGUMENT for an option that is not in `known`, NOT_SUPPORTED for one that is in `toCome`. Undefined stands for absent. */
export function checkOptions(options: unknown, call: string, known: ReadonlySet<string>, toCome?: ReadonlySet<string>): void {
  if (options === undefined) return;
  if (!isRecord(options)) refuse('options', NO_ROW, `an object of options of ${call}`, show(options));
  for (const key in options) {
    if (known.has(key)) continue;
    if (toCome?.has(key) === true) {
      if (options[key] !== undefined) notSupported(key, `this option of ${call}`, `there are ${[...known].join(', ')}`);
      continue;
    }
    refuse(key, NO_ROW, `an option of ${call} (${[...known].join(', ')})`, 'an unknown one');
  }
}

/** An integer option, or its default. */
export function integerOption<const A extends number | undefined>(label: string, value: unknown, min: number, max: number, absent: A): number | A {
  if (value === undefined) return absent;
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) refuse(label, NO_ROW, `an integer from ${min} to ${max}`, show(value));
  return value as number;
}

export function booleanOption(label: string, value: unknown, absent: boolean): boolean {
  if (value === undefined) return absent;
  if (typeof value !== 'boolean') refuse(label, NO_ROW, 'true or false', show(value));
  return value;
}

/** One of a few words, or undefined. */
export function wordOption<const W extends string>(label: string, value: unknown, words: readonly W[]): W | undefined {
  if (value !== undefined && !words.includes(value as W)) refuse(label, NO_ROW, `one of ${words.join(', ')}`, show(value));
  return value as W | undefined;
}

/** The name of something that is looked up, or undefined. */
export function nameOption(label: string, value: unknown): string | undefined {
  if (value !== undefined && typeof value !== 'string') refuse(label, NO_ROW, 'a name', show(value));
  return value;
}

/** Names of things that are looked up, at least one, or undefined. */
export function namesOption(label: string, value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0 || value.some((name) => typeof name !== 'string')) refuse(label, NO_ROW, 'an array of names', show(value));
  return [...value] as string[];
}

/** What can be sent to another thread as it is, lists of one level at most: one that holds itself has no end. */
const isPlain = (value: unknown): boolean => ['boolean', 'number', 'bigint', 'string'].includes(typeof value);
const isPlainOrList = (value: unknown): boolean => (Array.isArray(value) ? value.every(isPlain) : isPlain(value));

/** An expression of the filter language and the values of its templates, or undefined. What they say is the engine's to check. */
export function filterOption(filter: unknown, values: unknown): FilterInput | undefined {
  if (filter !== undefined && typeof filter !== 'string') refuse('filter', NO_ROW, 'an expression in a string', show(filter));
  if (values !== undefined && (!isRecord(values) || filter === undefined)) refuse('filterParams', NO_ROW, 'values by name, for a filter', show(values));
  for (const name in values as object) if (!isPlainOrList((values as Record<string, unknown>)[name])) refuse(name, NO_ROW, 'a boolean, a number, a bigint, a string or an array of them', show((values as Record<string, unknown>)[name]));
  return filter === undefined ? undefined : { text: filter, values: values as FilterInput['values'] };
}

/** A time to read at. A Date or milliseconds stand for the end of that millisecond. */
export function atOption(at: unknown): bigint | undefined {
  if (at === undefined || typeof at === 'bigint') return at;
  const milliseconds = at instanceof Date ? at.getTime() : at;
  if (!Number.isSafeInteger(milliseconds)) refuse('at', NO_ROW, 'a timestamp of now(), a Date or milliseconds', show(at));
  return (BigInt(milliseconds as number) << 18n) | 0x3ffffn;
}

/** What cannot be cloned, for the engine; undefined when there is nothing, so that nobody listens for nothing. ABORTED when the signal has fired. */
export function contextOf(signal: AbortSignal | undefined, onProgress?: (progress: Progress) => void): CallContext | undefined {
  if (signal === undefined && onProgress === undefined) return undefined;
  if (signal !== undefined) {
    if (typeof signal !== 'object' || signal === null || typeof signal.aborted !== 'boolean') refuse('signal', NO_ROW, 'an AbortSignal', show(signal));
    throwIfAborted(signal);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('onProgress', NO_ROW, 'a function', show(onProgress));
  return { signal, onProgress };
}

/** For calls whose code is imported when they are called. */
export function refuseMissingChunk(cause: unknown): never {
  throw new ElanusError('UNAVAILABLE', 'a part of the library could not be loaded: are its files still where the page came from?', {}, { cause });
}
