/**
 * A store with bad luck, over any other one. It counts the calls that write and, at the n-th, fails, tears, runs out of
 * room, or loses power. Beyond that it is stricter than any real medium: a power loss forgets what was appended and
 * not synced, or leaves a seeded part of it, and with `isReordered` in any order and across logs and files; with `delays` calls
 * are late, and overtake each other as far as a medium lets them.
 */
import { ElanusError } from '../../src/util/error.ts';
import { random } from './random.ts';
import type { Store, StoreLock, StoreLogs, StoreRoot } from '../../src/storage/store.ts';

export type Fault =
  /** The call is refused and changes nothing. STORAGE. */
  | 'fail'
  /** A log append leaves part of its bytes, a file or root nothing, and the call is refused. STORAGE. */
  | 'tear'
  /** As `tear`, by lack of room. QUOTA. */
  | 'quota'
  /** The call is carried out and its answer is lost. STORAGE. What a commit must expect of a network or a dying disk. */
  | 'lose-answer'
  /** As `powerLoss()` in the middle of the call: part of it may be there; every later call is refused. */
  | 'power-loss';

export interface FaultPlan {
  /** Fails the n-th call that writes, counted from 1. Absent: never by itself. */
  readonly at?: number;
  readonly fault?: Fault;
  /** Fails every call from `at` on, as a full disk does, and not that one alone. */
  readonly isLasting?: boolean;
  /**
   * A power loss keeps of what was not synced whatever the disk had got to: any of a log's sectors, the others zero, and names that
   * had been removed. Default: a beginning of each log.
   */
  readonly isReordered?: boolean;
  /** The share of calls that are carried out late, and of answers that come late; calls that are not late overtake them. Default 0. */
  readonly delays?: number;
  /** Of what happens to bytes torn or not synced, and of what is late by how much. */
  readonly seed?: number;
}

export type WriteCall = { readonly call: 'append' | 'sync' | 'drop' | 'write' | 'remove' | 'swap'; readonly name: string };

export interface FaultStore extends Store {
  /** Calls that wrote so far, failed ones included, in order. */
  readonly calls: readonly WriteCall[];
  /** The power is gone. */
  readonly isDark: boolean;
  /**
   * The power goes: of what was appended and not synced, a seeded part survives, and of calls under way some are carried out. The
   * store answers nothing any more; open the medium again.
   */
  powerLoss(): Promise<void>;
}

export function faultStore(inner: Store, plan: FaultPlan = {}): FaultStore {
  return new FaultyStore(inner, plan);
}

/** What a disk writes in one piece. */
const SECTOR_BYTES = 512;
/** Share of removed names that a reordering power loss brings back. */
const REVIVED = 0.3;

interface Work {
  readonly whole: () => Promise<void>;
  readonly part: () => Promise<void>;
}

class FaultyStore implements FaultStore {
  readonly calls: WriteCall[] = [];
  readonly logs: StoreLogs;
  readonly root: StoreRoot;
  /** Of one writer, whatever the store below can do. */
  readonly shared = null;
  isDark = false;
  #isClosed = false;
  readonly #inner: Store;
  readonly #plan: FaultPlan;
  readonly #random: () => number;
  readonly #late: LateCalls;
  /** Bytes of each log appended to: all there are, and how many of them are durable. */
  readonly #lengths = new Map<string, { whole: number; durable: number }>();
  /** Appends to one log come one after another, as a medium has them. */
  readonly #queues = new Map<string, Promise<unknown>>();
  /** Calls that are late. */
  readonly #waiting = new Set<() => Promise<void>>();
  readonly #removed = { files: new Map<string, Uint8Array>(), logs: new Map<string, Uint8Array>() };

  constructor(inner: Store, plan: FaultPlan) {
    this.#inner = inner;
    this.#plan = plan;
    this.#random = random(plan.seed ?? 1);
    this.#late = new LateCalls(random((plan.seed ?? 1) * 7_919 + 1), plan.delays ?? 0);
    this.logs = {
      append: (name, bytes, durable) => {
        const copy = bytes.slice();
        return this.#counted({ call: 'append', name }, {
          whole: async () => {
            await this.#append(name, copy);
            if (durable) await this.#sync(name);
          },
          part: () => this.#append(name, copy.slice(0, this.#below(copy.length))),
        });
      },
      sync: (name) => this.#counted({ call: 'sync', name }, { whole: () => this.#sync(name), part: async () => undefined }),
      read: (name) => this.#inTurn(name, () => this.#read(() => this.#inner.logs.read(name))),
      drop: (name) =>
        this.#counted({ call: 'drop', name }, {
          whole: async () => {
            if (this.#plan.isReordered) this.#removed.logs.set(name, await this.#inner.logs.read(name));
            await this.#inner.logs.drop(name);
            this.#lengths.delete(name);
          },
          part: async () => undefined,
        }),
      list: () => this.#read(() => this.#inner.logs.list()),
    };
    this.root = {
      read: () => this.#read(() => this.#inner.root.read()),
      swap: (expected, next) => this.#counted({ call: 'swap', name: 'root' }, { whole: () => this.#inner.root.swap(expected, next), part: async () => undefined }),
    };
  }

  get sharedUrl(): string | null {
    return null;
  }

  read(name: string, from?: number, to?: number): Promise<Uint8Array> {
    return this.#read(() => this.#inner.read(name, from, to));
  }

  /** A store whose answers may be late has not always at hand what is asked for. */
  readNow(...args: Parameters<Store['readNow']>): boolean {
    this.#checkPower();
    return !this.#late.isNext() && this.#inner.readNow(...args);
  }

  size(name: string): Promise<number> {
    return this.#read(() => this.#inner.size(name));
  }

  write(name: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    return this.#counted({ call: 'write', name }, { whole: () => this.#inner.write(name, chunks), part: async () => undefined });
  }

  remove(name: string): Promise<void> {
    return this.#counted({ call: 'remove', name }, {
      whole: async () => {
        if (this.#plan.isReordered && (await this.#inner.list()).includes(name)) this.#removed.files.set(name, await this.#inner.read(name));
        await this.#inner.remove(name);
      },
      part: async () => undefined,
    });
  }

  list(): Promise<string[]> {
    return this.#read(() => this.#inner.list());
  }

  async lock(): Promise<StoreLock> {
    this.#checkPower();
    return this.#inner.lock();
  }

  async estimate(): ReturnType<Store['estimate']> {
    this.#checkPower();
    return this.#inner.estimate();
  }

  /** A process that ends leaves its pages to the system: closing forgets nothing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#inner.close();
  }

  async destroy(): Promise<void> {
    this.#checkPower();
    await this.#inner.destroy();
  }

  async powerLoss(): Promise<void> {
    if (this.isDark) return;
    this.isDark = true;
    if (this.#isClosed) return;
    for (const carryOut of this.#waiting) if (this.#random() < 0.5) await carryOut().catch(() => {});
    for (const [name, { whole, durable }] of this.#lengths) {
      if (durable === whole) continue;
      const kept = (await this.#inner.logs.read(name)).slice(0, durable + this.#below(whole - durable + 1));
      if (this.#plan.isReordered) this.#loseSectors(kept, durable);
      // The file may have its new length before it has its bytes.
      else if (this.#random() < 0.3) kept.fill(0, durable + this.#below(kept.length - durable + 1));
      await this.#inner.logs.drop(name);
      if (kept.length > 0) await this.#inner.logs.append(name, kept, true);
    }
    await this.#revive();
    await this.#inner.close();
    this.#late.releaseAll();
  }

  /** Of the bytes from `durable` on any sector may not have reached the disk. */
  #loseSectors(bytes: Uint8Array, durable: number): void {
    const lost = this.#random();
    for (let from = durable; from < bytes.length; ) {
      const to = Math.min(from - (from % SECTOR_BYTES) + SECTOR_BYTES, bytes.length);
      if (this.#random() < lost) bytes.fill(0, from, to);
      from = to;
    }
  }

  /** Names whose removal was not synced: a medium may have them again. */
  async #revive(): Promise<void> {
    const files = await this.#inner.list();
    for (const [name, bytes] of this.#removed.files) if (!files.includes(name) && this.#random() < REVIVED) await this.#inner.write(name, [bytes]);
    const logs = await this.#inner.logs.list();
    for (const [name, bytes] of this.#removed.logs) if (!logs.includes(name) && bytes.length > 0 && this.#random() < REVIVED) await this.#inner.logs.append(name, bytes, true);
  }

  async #counted(call: WriteCall, work: Work): Promise<void> {
    this.#checkPower();
    this.calls.push(call);
    const count = this.calls.length;
    const isOfLog = call.call === 'append' || call.call === 'sync' || call.call === 'drop';
    try {
      await (isOfLog ? this.#inTurn(call.name, () => this.#carryOut(call, count, work)) : this.#carryOut(call, count, work));
      await this.#late.maybe();
    } finally {
      this.#checkPower();
    }
  }

  async #carryOut(call: WriteCall, count: number, work: Work): Promise<void> {
    this.#checkPower();
    this.#waiting.add(work.whole);
    await this.#late.maybe();
    this.#waiting.delete(work.whole);
    this.#checkPower();
    const { at, fault = 'fail', isLasting = false } = this.#plan;
    if (at === undefined || count < at || (count > at && !isLasting)) return work.whole();
    if (fault === 'lose-answer') await work.whole();
    if (fault === 'tear' || fault === 'quota') await work.part();
    if (fault === 'power-loss') {
      await (this.#random() < 0.5 ? work.whole() : work.part());
      await this.powerLoss();
    }
    const detail = { injected: fault, count, call: call.call, name: call.name };
    if (fault === 'quota') throw new ElanusError('QUOTA', `injected: no room for call ${count}, ${call.call} of "${call.name}"`, detail);
    throw new ElanusError('STORAGE', `injected: ${fault} at call ${count}, ${call.call} of "${call.name}"`, detail);
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    this.#checkPower();
    await this.#late.maybe();
    this.#checkPower();
    try {
      const answer = await read();
      await this.#late.maybe();
      return answer;
    } finally {
      this.#checkPower();
    }
  }

  #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.#queues.get(name) ?? Promise.resolve()).then(work, work);
    this.#queues.set(name, mine.catch(() => undefined));
    return mine;
  }

  async #append(name: string, bytes: Uint8Array): Promise<void> {
    let lengths = this.#lengths.get(name);
    if (!lengths) {
      const found = (await this.#inner.logs.read(name)).length;
      this.#lengths.set(name, (lengths = { whole: found, durable: found }));
    }
    await this.#inner.logs.append(name, bytes);
    lengths.whole += bytes.length;
  }

  async #sync(name: string): Promise<void> {
    await this.#inner.logs.sync(name);
    const lengths = this.#lengths.get(name);
    if (lengths) lengths.durable = lengths.whole;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #checkPower(): void {
    if (this.isDark) throw new ElanusError('STORAGE', 'injected: the power is gone', { injected: 'power-loss' });
  }
}

/** Lets callers wait, and go on one a turn of the host's loop, in an order of its own. */
class LateCalls {
  readonly #random: () => number;
  readonly #share: number;
  readonly #waiting: (() => void)[] = [];
  #isTurning = false;

  constructor(random: () => number, share: number) {
    this.#random = random;
    this.#share = share;
  }

  isNext(): boolean {
    return this.#share > 0 && this.#random() < this.#share;
  }

  async maybe(): Promise<void> {
    if (!this.isNext()) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isTurning) this.#turn();
    });
  }

  releaseAll(): void {
    for (const release of this.#waiting.splice(0)) release();
  }

  #turn(): void {
    this.#isTurning = true;
    nextTurn(() => {
      const [release] = this.#waiting.splice(Math.floor(this.#random() * this.#waiting.length), 1);
      release?.();
      if (this.#waiting.length > 0) this.#turn();
      else this.#isTurning = false;
    });
  }
}

const nextTurn = (callback: () => void): void => void ((globalThis as { setImmediate?: (callback: () => void) => unknown }).setImmediate ?? setTimeout)(callback);
