/**
 * At most one live row per key, over all segments and logs. Follows the logs as the engine does when it opens a collection:
 * what a record hides is hidden, and what stays must be there once.
 */
import { ANY_PARTITION, type LogRecord } from '../engine/log-record.ts';
import type { Keys } from '../schema/column.ts';
import { columnKeys } from '../schema/keys.ts';
import type { CollectionEntry } from '../storage/manifest/manifest.ts';
import type { Field } from '../schema/types.ts';
import { mapKey, type MapKey } from '../segment/keys.ts';
import type { Findings, Place } from './findings.ts';
import type { SegmentKeys } from './segment.ts';

type Key = bigint | string;

export class LiveKeys {
  readonly #keyField: Field;
  readonly #partitionIds: ReadonlySet<number>;
  readonly #segments: readonly SegmentKeys[];
  /** Rows of each segment that records have hidden, beside those in its deletes file. */
  readonly #hidden: readonly Set<number>[];
  /** Live keys of the logs: when they were inserted, and to which partition. */
  readonly #logged = new Map<MapKey, { readonly timestamp: bigint; readonly partitionId: number }>();
  /** Auto ids from here on were given out by the records that follow: nothing is looked for when they are inserted. */
  #nextAutoId: bigint;
  readonly #findings: Findings;
  readonly #place: Place;

  constructor(entry: CollectionEntry, keyField: Field, segments: readonly SegmentKeys[], findings: Findings) {
    this.#keyField = keyField;
    this.#nextAutoId = entry.nextAutoId;
    this.#partitionIds = new Set([ANY_PARTITION, ...entry.partitions.map(({ partitionId }) => partitionId)]);
    this.#segments = segments;
    this.#hidden = segments.map(() => new Set());
    this.#findings = findings;
    this.#place = { file: null, collection: entry.name };
  }

  apply(record: LogRecord, log: string): void {
    if (record.kind === 'delete') {
      for (const key of record.keys) this.#hide(key, record.timestamp, record.partitionId);
      return;
    }
    // What was written to a partition that is gone replaces rows elsewhere and adds none.
    const isDropped = !this.#partitionIds.has(record.partitionId);
    const keys = columnKeys(record.batch.columns.find((column) => column.fieldId === this.#keyField.fieldId)!);
    const firstNewId = this.#keyField.autoId ? this.#nextAutoId : null;
    for (const key of keys) {
      if (firstNewId === null || (key as bigint) < firstNewId) this.#hide(key, record.timestamp, ANY_PARTITION);
      else if ((key as bigint) >= this.#nextAutoId) this.#nextAutoId = (key as bigint) + 1n;
      if (isDropped) continue;
      if (this.#isLive(key)) {
        this.#findings.damage(`"${log}" inserts the key ${show(key)}, of which a row that is as new lives elsewhere`, { ...this.#place, file: log });
      }
      this.#logged.set(mapKey(key), { timestamp: record.timestamp, partitionId: record.partitionId });
    }
  }

  #hide(key: Key, timestamp: bigint, partitionId: number): void {
    const logged = this.#logged.get(mapKey(key));
    if (logged && logged.timestamp < timestamp && isIn(partitionId, logged.partitionId)) this.#logged.delete(mapKey(key));
    this.#eachLive(key, (at, row) => {
      const { entry, times } = this.#segments[at]!;
      if (times.at(row) < timestamp && isIn(partitionId, entry.partitionId)) this.#hidden[at]!.add(row);
    });
  }

  #isLive(key: Key): boolean {
    let isLive = this.#logged.has(mapKey(key));
    this.#eachLive(key, () => (isLive = true));
    return isLive;
  }

  #eachLive(key: Key, visit: (at: number, row: number) => void): void {
    this.#segments.forEach(({ keys, deleted }, at) => {
      for (const row of versionsOf(keys, key)) if (!deleted.has(row) && !this.#hidden[at]!.has(row)) visit(at, row);
    });
  }

  /** Finds keys that live in two places. To be called when all logs have been applied. */
  finish(): void {
    const doubled = doubledKeys(liveKeysOf(this.#segments, this.#keyField, this.#hidden));
    if (doubled.length === 0) return;
    const where = (key: Key): string => {
      const files: string[] = [];
      this.#eachLive(key, (at) => files.push(this.#segments[at]!.entry.file));
      return files.join(' and ');
    };
    const examples = doubled.slice(0, 3).map((key) => `${show(key)} in ${where(key)}`);
    this.#findings.damage(`${doubled.length} ${doubled.length === 1 ? 'key has' : 'keys have'} more than one live row: ${examples.join(', ')}${doubled.length > 3 ? ', …' : ''}`, this.#place);
  }
}

const isIn = (wanted: number, partitionId: number): boolean => [ANY_PARTITION, partitionId].includes(wanted) || partitionId === ANY_PARTITION;

/** Rows of a key, all of its versions. */
export function versionsOf(keys: SegmentKeys['keys'], key: Key): number[] {
  const row = keys.find(key);
  if (row < 0) return [];
  let first = row;
  let end = row + 1;
  while (first > 0 && keys.at(first - 1) === key) first--;
  while (end < keys.rows && keys.at(end) === key) end++;
  return Array.from({ length: end - first }, (_, i) => first + i);
}

/** Keys of all live rows; `hidden`: rows of each segment that are not, beside those deleted. */
export function liveKeysOf(segments: readonly SegmentKeys[], keyField: Field, hidden?: readonly ReadonlySet<number>[]): Keys {
  const live: Key[] = [];
  segments.forEach(({ keys, deleted }, at) => {
    for (let row = 0; row < keys.rows; row++) if (!deleted.has(row) && !hidden?.[at]!.has(row)) live.push(keys.at(row));
  });
  return keyField.type === 'Int64' ? BigInt64Array.from(live as bigint[]) : (live as string[]);
}

/** Those that are there more than once. */
export function doubledKeys(keys: Keys): Key[] {
  const doubled = new Set<Key>();
  if (keys instanceof BigInt64Array) {
    keys.sort();
    for (let i = 1; i < keys.length; i++) if (keys[i] === keys[i - 1]) doubled.add(keys[i]!);
  } else {
    const seen = new Set<string>();
    for (const key of keys) {
      if (seen.has(key)) doubled.add(key);
      seen.add(key);
    }
  }
  return [...doubled];
}

const show = (key: Key): string => (typeof key === 'bigint' ? String(key) : JSON.stringify(key));
