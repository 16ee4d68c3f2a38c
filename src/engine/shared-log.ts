/**
 * The log where several tabs write. A write is appended to the log that all share, which gives it its place, and takes effect here
 * when everything before it has, whoever wrote that: every tab applies the same records in the same order. What others append is
 * found by `tail`.
 */
import { RECORD_BYTES_MAX, type Durability } from '../storage/wal/index.ts';
import type { SharedHead, SharedRecord } from '../storage/shared/format.ts';
import type { ColumnBatch } from '../schema/column.ts';
import type { SharedDraft, SharedLogs, SharedPlace } from '../storage/shared/shared.ts';
import { crc32c } from '../util/crc32c.ts';
import { ElanusError } from '../util/error.ts';
import type { Clock } from './clock.ts';
import { decodeLogRecord, encodeLogRecord, type LogRecord } from './log-record.ts';
import { superseded } from './superseded.ts';
import type { AppendOptions, Draft, LogTarget, Written, WriteLog } from './write-log.ts';

export interface SharedLogOptions {
  readonly logs: SharedLogs;
  readonly clock: Clock;
  readonly durability: Durability;
  readonly collectionId: number;
  /** For errors. */
  readonly name: () => string;
  readonly hasAutoIds: boolean;
  /** Of the manifest that the collection is at. */
  readonly firstLogGeneration: () => number;
  /** Something was appended here. */
  readonly onAppended: () => void;
  /** Records cannot be applied before the collection is brought up to a newer manifest. */
  readonly onBehind: () => void;
}

/** How far a log has been applied. */
export interface LogPosition {
  /** What is applied next belongs to this generation or a later one. */
  readonly generation: number;
  readonly sequence: number;
  readonly nextAutoId: bigint;
  /** Bytes applied, by generation. */
  readonly byteLengths: ReadonlyMap<number, number>;
}

interface Waiting {
  readonly draft: Draft;
  readonly payload: Uint8Array;
  readonly payloadCrc: number;
  readonly ifSequence: number | undefined;
  readonly resolve: (written: Written | null) => void;
  readonly reject: (error: unknown) => void;
}

/** Most bytes of drafts in one transaction, unless a single one is longer. */
const GROUP_BYTES_MAX = 32 << 20;
/** How often, and so many times, it is looked whether a log that is held takes writes again, or has ended. */
const HELD_MS = 100;
const HELD_TRIES_MAX = 100;

export class SharedLog implements WriteLog {
  readonly #options: SharedLogOptions;
  readonly #target: LogTarget;
  #generation: number;
  #sequence: number;
  #nextAutoId: bigint;
  #byteLengths: Map<number, number>;

  #waiting: Waiting[] = [];
  #isAppending = false;
  /** The append under way, if any, until it is known which records are its own. Never rejects. */
  #inFlight: Promise<void> = Promise.resolve();
  /** Appended here and not applied yet, by sequence. */
  readonly #own = new Map<number, { readonly waiting: Waiting; readonly place: SharedPlace }>();
  /** Writes that are not settled. */
  readonly #pending = new Set<Promise<unknown>>();
  /** What changes the target happens one at a time. Never rejects. */
  #steps: Promise<unknown> = Promise.resolve();
  #tailing: Promise<void> | null = null;
  #isBehind = false;
  /** Hear when it falls behind, and when it goes on. */
  readonly #onTurn = new Set<() => void>();
  #isClosed = false;
  #poison: unknown = null;

  constructor(options: SharedLogOptions, target: LogTarget, position: LogPosition) {
    this.#options = options;
    this.#target = target;
    this.#generation = position.generation;
    this.#sequence = position.sequence;
    this.#nextAutoId = position.nextAutoId;
    this.#byteLengths = new Map(position.byteLengths);
  }

  get nextAutoId(): bigint {
    return this.#nextAutoId;
  }

  /** Of the last record applied here. */
  get sequence(): number {
    return this.#sequence;
  }

  get generation(): number {
    return this.#generation;
  }

  async byteLength(): Promise<number> {
    let bytes = 0;
    for (const length of this.#byteLengths.values()) bytes += length;
    return bytes;
  }

  async write(draft: Draft): Promise<Written>;
  async write(draft: Draft, options: AppendOptions): Promise<Written | null>;
  async write(draft: Draft, options?: AppendOptions): Promise<Written | null> {
    this.assertWritable();
    // Its time, and the keys that the log gives, are put in by whoever reads it.
    const payload = encodeLogRecord({ ...draft, timestamp: 0n });
    if (payload.length > RECORD_BYTES_MAX) {
      throw new ElanusError('INVALID_ARGUMENT', `one write expected at most ${RECORD_BYTES_MAX} bytes, got ${payload.length}: split it into several`, { byteLength: payload.length });
    }
    const written = new Promise<Written | null>((resolve, reject) => {
      this.#waiting.push({ draft, payload, payloadCrc: crc32c(payload), ifSequence: options?.ifSequence, resolve, reject });
      if (!this.#isAppending) void this.#appendGroups();
    });
    const settled = written.then(() => {}, () => {}).finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
    return written;
  }

  /** What gathers while one transaction is under way is the next one. */
  async #appendGroups(): Promise<void> {
    this.#isAppending = true;
    for (let tries = 0; this.#waiting.length > 0; ) {
      const group = this.#takeGroup();
      let isHeld = false;
      this.#inFlight = this.#append(group).then(
        (places) => this.#await(group, places),
        // A transaction that failed has left nothing behind.
        (error: unknown) => {
          isHeld = tries < HELD_TRIES_MAX && error instanceof ElanusError && error.code === 'UNAVAILABLE';
          if (isHeld) this.#waiting.unshift(...group);
          else for (const { reject } of group) reject(error);
        },
      );
      await this.#inFlight;
      // Nothing is under way while it waits: this tab goes on following the others.
      if (isHeld) await new Promise((resolve) => setTimeout(resolve, HELD_MS));
      tries = isHeld ? tries + 1 : 0;
    }
    this.#isAppending = false;
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && (count === 0 || bytes + this.#waiting[count]!.payload.length <= GROUP_BYTES_MAX)) bytes += this.#waiting[count++]!.payload.length;
    return this.#waiting.splice(0, count);
  }

  #append(group: readonly Waiting[]): Promise<(SharedPlace | null)[]> {
    const { logs, collectionId, clock, durability, hasAutoIds } = this.#options;
    const drafts = group.map(({ draft, payload, payloadCrc, ifSequence }) => ({
      payload,
      payloadCrc,
      ...(hasAutoIds && draft.kind === 'insert' ? this.#idsOf(draft.batch) : { autoIds: 0 }),
      ...(ifSequence === undefined ? {} : { ifSequence }),
    }));
    return logs.append(collectionId, drafts, { isDurable: durability === 'strict', after: clock.last, birth: this.#birth });
  }

  /** What a batch needs of auto ids, or takes. */
  #idsOf(batch: ColumnBatch): Pick<SharedDraft, 'autoIds' | 'idsBelow'> {
    const given = this.#target.givenIds(batch);
    return given ? { autoIds: 0, idsBelow: given.reduce((most, id) => (id >= most ? id + 1n : most), 0n) } : { autoIds: batch.rows };
  }

  get #birth(): { generation: number; nextAutoId: bigint } {
    return { generation: this.#options.firstLogGeneration(), nextAutoId: this.#nextAutoId };
  }

  /** Has them applied in their turn, which settles them. */
  #await(group: readonly Waiting[], places: readonly (SharedPlace | null)[]): void {
    const own: { readonly waiting: Waiting; readonly place: SharedPlace }[] = [];
    group.forEach((waiting, i) => {
      const place = places[i];
      if (!place) return waiting.resolve(null);
      this.#own.set(place.sequence, { waiting, place });
      own.push({ waiting, place });
    });
    if (own.length === 0) return;
    this.#options.onAppended();
    void this.#step(async () => {
      for (const { waiting, place } of own) {
        // Nothing came between: what is here need not be read.
        if (!this.#isBehind && place.sequence === this.#sequence + 1) this.#apply(place, waiting.payload.length, () => complete(waiting.draft, place, this.#target));
        else if (place.sequence > this.#sequence) await this.catchUp();
      }
    }).catch((error: unknown) => this.#fail(error));
  }

  /** Nobody knows any more what is applied and what is not. */
  #fail(error: unknown): void {
    this.#poison ??= error;
    for (const { waiting } of this.#own.values()) waiting.reject(this.#poison);
    this.#own.clear();
  }

  /** Applies what others have appended. Resolved: all that had been appended before the call is applied, unless this tab is behind. */
  tail(): Promise<void> {
    if (this.#tailing) return this.#tailing;
    const tailing = this.#step(() => {
      this.#tailing = null;
      return this.catchUp();
    }).then(
      () => {},
      (error: unknown) => {
        if (!isTransient(error)) this.#fail(error);
        throw error;
      },
    );
    return (this.#tailing = tailing);
  }

  /** The number of the last record that any tab has appended. */
  lastSequence(): Promise<number> {
    return this.#options.logs.lastSequence(this.#options.collectionId);
  }

  /**
   * To be called within `exclusively`. Reads and applies what is behind the position. False: it cannot be applied before the
   * collection is at a newer manifest, because records were dropped, or are about what this one does not know.
   */
  async catchUp(): Promise<boolean> {
    if (this.#isBehind) return false;
    if (this.#isClosed) return true;
    const found = await this.#options.logs.read(this.#options.collectionId, this.#generation, this.#sequence);
    await this.answered();
    if (!found || this.#isClosed) return true;
    if (!isContiguous(found, this.#sequence)) return this.#fallBehind();
    for (const record of found.records) {
      const logRecord = decodeShared(record, this.#target);
      if (!this.#target.canApply(logRecord)) return this.#fallBehind();
      this.#apply(record, record.payload.length, () => logRecord);
    }
    this.#advance(found.head.generation);
    this.#nextAutoId = found.head.nextAutoId;
    return true;
  }

  /** Resolved: of all that has been read before the call it is known what was appended here. */
  answered(): Promise<void> {
    return this.#inFlight;
  }

  #fallBehind(): false {
    this.#turn(true);
    this.#options.onBehind();
    return false;
  }

  #apply({ generation, sequence, timestamp }: Omit<SharedPlace, 'firstAutoId'>, byteLength: number, record: () => LogRecord): void {
    this.#advance(generation);
    const logRecord = record();
    this.#options.clock.observe(timestamp);
    const count = this.#target.apply(logRecord);
    this.#sequence = sequence;
    this.#byteLengths.set(generation, (this.#byteLengths.get(generation) ?? 0) + byteLength);
    const own = this.#own.get(sequence);
    this.#own.delete(sequence);
    own?.waiting.resolve({ record: logRecord, count });
    this.#target.applied(logRecord, count, own !== undefined);
  }

  #advance(generation: number): void {
    if (generation <= this.#generation) return;
    this.#target.freeze(generation);
    this.#generation = generation;
  }

  async rotate(): Promise<void> {
    await this.#step(async () => {
      await this.#options.logs.rotate(this.#options.collectionId, this.#birth);
      if (!(await this.catchUp())) throw superseded();
    });
  }

  /** Nothing is applied while `work` runs. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#step(work);
  }

  /** Within `exclusively`: the target's rows are about to be those up to this position. */
  moveTo({ generation, sequence, nextAutoId, byteLengths }: LogPosition, replayed: ReadonlyMap<number, Written>): void {
    this.#generation = generation;
    this.#sequence = sequence;
    if (nextAutoId > this.#nextAutoId) this.#nextAutoId = nextAutoId;
    this.#byteLengths = new Map(byteLengths);
    this.#turn(false);
    for (const [own, { waiting, place }] of this.#own) {
      if (own > sequence) continue;
      this.#own.delete(own);
      // It may have been sealed before it could be applied here. Then how many rows it hid is what this tab knew of.
      const record = complete(waiting.draft, place, this.#target);
      waiting.resolve(replayed.get(own) ?? { record, count: this.#target.estimate(record) });
    }
  }

  /** The collection is at a manifest that knows what was not known: catching up goes on. */
  unblock(): void {
    this.#turn(false);
  }

  #turn(isBehind: boolean): void {
    this.#isBehind = isBehind;
    for (const tell of this.#onTurn) tell();
    this.#onTurn.clear();
  }

  sealed(): void {
    const first = this.#options.firstLogGeneration();
    for (const generation of this.#byteLengths.keys()) if (generation < first) this.#byteLengths.delete(generation);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async latest(options?: { readonly orFail: boolean }): Promise<void> {
    for (;;) {
      if (this.#isBehind && options?.orFail) throw superseded();
      // Whoever waits here may be whom the following of a manifest waits for.
      let tell!: () => void;
      const turned = new Promise<void>((resolve) => (tell = resolve));
      this.#onTurn.add(tell);
      const isDone = await Promise.race([this.settled().then(() => this.tail()).then(() => true), turned.then(() => false)]).finally(() => this.#onTurn.delete(tell));
      if (isDone && !this.#isBehind) return;
      if (this.#isBehind && !options?.orFail) await new Promise<void>((resolve) => this.#onTurn.add(resolve));
    }
  }

  assertWritable(): void {
    if (this.#poison) {
      throw new ElanusError('POISONED', `the log of collection "${this.#options.name()}" could not be applied; reads go on, writes are refused until the database is closed and opened again`, {}, { cause: this.#poison });
    }
  }

  async close(): Promise<void> {
    await this.settled();
    this.#isClosed = true;
    await this.#steps;
  }

  #step<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#steps.then(work);
    this.#steps = run.catch(() => {});
    return run;
  }
}

/** A failure to read says nothing of what is there: the next try may succeed. */
const isTransient = (error: unknown): boolean => error instanceof ElanusError && (error.code === 'STORAGE' || error.code === 'CLOSED' || error.code === 'NOT_FOUND');

/** The records follow the position without a gap, up to the head. */
function isContiguous({ head, records }: { readonly head: SharedHead; readonly records: readonly SharedRecord[] }, sequence: number): boolean {
  return head.sequence === sequence + records.length && records.every((record, i) => record.sequence === sequence + 1 + i);
}

/** A draft with what its place gives it. */
function complete(draft: Draft, { timestamp, firstAutoId }: SharedPlace, target: LogTarget): LogRecord {
  return draft.kind === 'insert' && firstAutoId > 0n ? { ...draft, timestamp, batch: target.withAutoIds(draft.batch, firstAutoId) } : { ...draft, timestamp };
}

/** CORRUPT where the payload is not what this library writes. */
export function decodeShared({ payload, timestamp, firstAutoId }: SharedRecord, target: LogTarget): LogRecord {
  const record = decodeLogRecord(payload);
  return record.kind === 'insert' && firstAutoId > 0n ? { ...record, timestamp, batch: target.withAutoIds(record.batch, firstAutoId) } : { ...record, timestamp };
}
