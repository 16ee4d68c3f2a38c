/**
 * Logs that several tabs append to. A record is one value, or several where it is long; where a log ends, and the clock, are
 * values of `meta`. Transactions that write `meta` run one after another in all tabs, which is the order of all writes.
 *
 *     logs   [NAME of the generation, sequence]       -> head of a record and (the first part of) its payload
 *            [NAME of the generation, sequence, i]    -> part i > 0 of the payload
 *     meta   'head-COLLECTION', 'clock'
 */
import { ElanusError } from '../../util/error.ts';
import { logName } from '../names.ts';
import { decodeClock, decodeHead, decodeRecordHead, encodeClock, encodeHead, encodeRecordHead, finishRecord, RECORD_HEAD_BYTES, type SharedHead, type SharedRecord } from '../shared/format.ts';
import { assertNotEnded, bornHead, heldHead, letGoHead, nextTimestamp, placeDrafts } from '../shared/placing.ts';
import type { SharedAppendOptions, SharedDraft, SharedLogs, SharedPlace } from '../shared/shared.ts';
import type { IdbConnection, WriteTransaction } from './connection.ts';
import { recordsOf, type StoreSchema } from './schema.ts';
import type { IDBPObjectStore } from 'idb';

/** A longer record becomes several values: browsers limit the size of one. */
const PART_BYTES = 8 * 1024 * 1024;

const HEAD = 'head-';
const headKey = (collectionId: number): string => `${HEAD}${collectionId}`;

export class IdbSharedLogs implements SharedLogs {
  readonly #connection: IdbConnection;
  readonly #now: () => number;

  constructor(connection: IdbConnection, now: () => number = Date.now) {
    this.#connection = connection;
    this.#now = now;
  }

  async append(collectionId: number, drafts: readonly SharedDraft[], { isDurable, after, birth }: SharedAppendOptions): Promise<(SharedPlace | null)[]> {
    return this.#connection.write('write the log', ['logs', 'meta'], isDurable ? 'strict' : 'relaxed', async (transaction) => {
      const [head, clock] = await Promise.all([readHead(transaction, collectionId), readClock(transaction)]);
      const placed = placeDrafts(head ?? bornHead(birth), clock, drafts, after, this.#now());
      const puts: Promise<unknown>[] = [];
      const logs = transaction.objectStore('logs');
      placed.places.forEach((place, i) => {
        if (!place) return;
        const { payload, payloadCrc } = drafts[i]!;
        const name = logName(collectionId, place.generation);
        const first = payload.subarray(0, PART_BYTES);
        const value = new Uint8Array(RECORD_HEAD_BYTES + first.length);
        value.set(encodeRecordHead({ collectionId, ...place }, payload.length, payloadCrc));
        value.set(first, RECORD_HEAD_BYTES);
        puts.push(logs.add(value, [name, place.sequence]));
        // The value is cloned with its whole buffer: a view must become a buffer of its own.
        for (let part = 1; part * PART_BYTES < payload.length; part++) puts.push(logs.add(payload.slice(part * PART_BYTES, (part + 1) * PART_BYTES), [name, place.sequence, part]));
      });
      puts.push(writeHead(transaction, collectionId, placed.head), writeClock(transaction, placed.clock));
      await Promise.all(puts);
      return placed.places;
    });
  }

  async read(collectionId: number, generation: number, after: number): Promise<{ head: SharedHead; records: SharedRecord[] } | null> {
    const found = await this.#connection.run('read the log', async (db) => {
      const transaction = db.transaction(['logs', 'meta']);
      const bytes = await transaction.objectStore('meta').get(headKey(collectionId));
      if (bytes === undefined) return null;
      const head = decodeHead(headKey(collectionId), bytes as Uint8Array);
      const generations: Promise<Uint8Array[]>[] = [];
      // A tab that slept for long finds most generations dropped.
      for (let at = Math.max(generation, head.firstGeneration); at <= head.generation; at++) generations.push(transaction.objectStore('logs').getAll(recordsOf(logName(collectionId, at), after)));
      return { head, values: await Promise.all(generations), from: Math.max(generation, head.firstGeneration) };
    });
    if (!found) return null;
    return { head: found.head, records: found.values.flatMap((values, i) => decodeRecords(collectionId, found.from + i, values)) };
  }

  async lastSequence(collectionId: number): Promise<number> {
    const bytes = await this.#connection.run('read the log', (db) => db.get('meta', headKey(collectionId)));
    return bytes === undefined ? 0 : decodeHead(headKey(collectionId), bytes as Uint8Array).sequence;
  }

  async rotate(collectionId: number, birth: SharedAppendOptions['birth']): Promise<number> {
    return this.#connection.write('begin a log', ['meta'], 'strict', async (transaction) => {
      const head = (await readHead(transaction, collectionId)) ?? bornHead(birth);
      assertNotEnded(head);
      const generation = head.generation + 1;
      await writeHead(transaction, collectionId, { ...head, generation });
      return generation;
    });
  }

  async drop(collectionId: number, generation: number): Promise<void> {
    await this.#connection.write('remove the log', ['logs', 'meta'], 'strict', async (transaction) => {
      const head = await readHead(transaction, collectionId);
      if (!head || generation <= head.firstGeneration) return;
      await deleteGenerations(transaction, collectionId, head.firstGeneration, generation);
      await writeHead(transaction, collectionId, { ...head, firstGeneration: generation });
    });
  }

  async hold(collectionId: number, birth: SharedAppendOptions['birth']): Promise<void> {
    await this.#connection.write('hold the log', ['meta'], 'strict', async (transaction) => {
      await writeHead(transaction, collectionId, heldHead((await readHead(transaction, collectionId)) ?? bornHead(birth)));
    });
  }

  async letGo(collectionId: number): Promise<void> {
    const bytes = await this.#connection.run('read the log', (db) => db.get('meta', headKey(collectionId)));
    if (bytes === undefined || !decodeHead(headKey(collectionId), bytes as Uint8Array).isHeld) return;
    await this.#connection.write('go on with the log', ['meta'], 'strict', async (transaction) => {
      const head = await readHead(transaction, collectionId);
      if (head) await writeHead(transaction, collectionId, letGoHead(head));
    });
  }

  async end(collectionId: number): Promise<void> {
    await this.#connection.write('remove the log', ['logs', 'meta'], 'strict', async (transaction) => {
      const head = (await readHead(transaction, collectionId)) ?? bornHead({ generation: 1, nextAutoId: 1n });
      if (head.isEnded) return;
      await deleteGenerations(transaction, collectionId, head.firstGeneration, head.generation + 1);
      await writeHead(transaction, collectionId, { ...head, firstGeneration: head.generation + 1, isEnded: true });
    });
  }

  async list(): Promise<number[]> {
    return this.#connection.run('list the logs', async (db) => {
      const range = IDBKeyRange.bound(HEAD, `${HEAD}\uffff`);
      const transaction = db.transaction('meta');
      const [keys, heads] = await Promise.all([transaction.store.getAllKeys(range), transaction.store.getAll(range)]);
      return keys.filter((key, i) => !decodeHead(key, heads[i] as Uint8Array).isEnded).map((key) => Number(key.slice(HEAD.length)));
    });
  }

  async tick(after: bigint): Promise<bigint> {
    return this.#connection.write('read the clock', ['meta'], 'relaxed', async (transaction) => {
      const timestamp = nextTimestamp(await readClock(transaction), after, this.#now());
      await writeClock(transaction, timestamp);
      return timestamp;
    });
  }
}

const metaOf = (transaction: WriteTransaction): IDBPObjectStore<StoreSchema, never, 'meta', 'readwrite'> => transaction.objectStore('meta') as never;

async function readHead(transaction: WriteTransaction, collectionId: number): Promise<SharedHead | null> {
  const bytes = await metaOf(transaction).get(headKey(collectionId));
  return bytes === undefined ? null : decodeHead(headKey(collectionId), bytes as Uint8Array);
}

async function readClock(transaction: WriteTransaction): Promise<bigint> {
  const bytes = await metaOf(transaction).get('clock');
  return bytes === undefined ? 0n : decodeClock(bytes as Uint8Array);
}

const writeHead = (transaction: WriteTransaction, collectionId: number, head: SharedHead): Promise<unknown> => metaOf(transaction).put(encodeHead(head), headKey(collectionId));
const writeClock = (transaction: WriteTransaction, last: bigint): Promise<unknown> => metaOf(transaction).put(encodeClock(last), 'clock');

async function deleteGenerations(transaction: WriteTransaction, collectionId: number, from: number, to: number): Promise<void> {
  const logs = transaction.objectStore('logs');
  for (let generation = from; generation < to; generation++) await logs.delete(recordsOf(logName(collectionId, generation)));
}

/** Puts the parts of long records together again. */
function decodeRecords(collectionId: number, generation: number, values: readonly Uint8Array[]): SharedRecord[] {
  const name = logName(collectionId, generation);
  const records: SharedRecord[] = [];
  for (let at = 0; at < values.length; ) {
    const first = values[at++]!;
    const head = decodeRecordHead(name, first);
    if (head.collectionId !== collectionId || head.generation !== generation) throw new ElanusError('CORRUPT', `log "${name}" says that it belongs to another collection or generation`, { log: name });
    let payload = first.subarray(RECORD_HEAD_BYTES);
    if (payload.length < head.payloadLength) {
      const whole = new Uint8Array(head.payloadLength);
      let length = 0;
      for (let part = payload; ; part = values[at++]!) {
        if (length + part.length > whole.length) throw new ElanusError('CORRUPT', `log "${name}" has parts that do not fit record ${head.sequence}`, { log: name });
        whole.set(part, length);
        length += part.length;
        if (length === whole.length || at === values.length) break;
      }
      payload = whole.subarray(0, length);
    }
    records.push(finishRecord(name, head, payload));
  }
  return records;
}
