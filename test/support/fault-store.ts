/**
 * A store with bad luck, over any other one. It counts the calls that write and, at the n-th, fails, tears, runs out of
 * room, or loses power. Beyond that it is stricter than any real medium: a power loss forgets what was appended and
 * not synced, or leaves a seeded part of it.
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
  /** Of what happens to bytes torn or not synced. */
  readonly seed?: number;
}

export type WriteCall = { readonly call: 'append' | 'sync' | 'drop' | 'write' | 'remove' | 'swap'; readonly name: string };

export interface FaultStore extends Store {
  /** Calls that wrote so far, failed ones included, in order. */
  readonly calls: readonly WriteCall[];
  /**
   * The power goes: of what was appended and not synced, a seeded prefix of each log survives (perhaps none, perhaps
   * with zeros for its end). The store answers nothing any more; open the medium again.
   */
  powerLoss(): Promise<void>;
}

export function faultStore(inner: Store, plan: FaultPlan = {}): FaultStore {
  return new FaultyStore(inner, plan);
}

class FaultyStore implements FaultStore {
  readonly calls: WriteCall[] = [];
  readonly logs: StoreLogs;
  readonly root: StoreRoot;
  /** Of one writer, whatever the store below can do. */
  readonly shared = null;
  readonly #inner: Store;
  readonly #plan: FaultPlan;
  readonly #random: () => number;
  /** Bytes of each log appended to: all there are, and how many of them are durable. */
  readonly #lengths = new Map<string, { whole: number; durable: number }>();
  /** Writes of logs one after another, as a medium has them. */
  #queue: Promise<unknown> = Promise.resolve();
  #isDark = false;

  constructor(inner: Store, plan: FaultPlan) {
    this.#inner = inner;
    this.#plan = plan;
    this.#random = random(plan.seed ?? 1);
    this.logs = {
      append: (name, bytes, durable) => {
        const copy = bytes.slice();
        return this.#inTurn(() =>
          this.#counted({ call: 'append', name }, {
            whole: async () => {
              await this.#append(name, copy);
              if (durable) await this.#sync(name);
            },
            part: () => this.#append(name, copy.slice(0, this.#below(copy.length))),
          }),
        );
      },
      sync: (name) => this.#inTurn(() => this.#counted({ call: 'sync', name }, { whole: () => this.#sync(name), part: async () => undefined })),
      read: async (name) => {
        this.#checkPower();
        return this.#inner.logs.read(name);
      },
      drop: (name) =>
        this.#inTurn(() =>
          this.#counted({ call: 'drop', name }, {
            whole: async () => {
              await this.#inner.logs.drop(name);
              this.#lengths.delete(name);
            },
            part: async () => undefined,
          }),
        ),
      list: async () => {
        this.#checkPower();
        return this.#inner.logs.list();
      },
    };
    this.root = {
      read: async () => {
        this.#checkPower();
        return this.#inner.root.read();
      },
      swap: (expected, next) => this.#counted({ call: 'swap', name: 'root' }, { whole: () => this.#inner.root.swap(expected, next), part: async () => undefined }),
    };
  }

  get sharedUrl(): string | null {
    return null;
  }

  async read(name: string, from?: number, to?: number): Promise<Uint8Array> {
    this.#checkPower();
    return this.#inner.read(name, from, to);
  }

  readNow(...args: Parameters<Store['readNow']>): boolean {
    this.#checkPower();
    return this.#inner.readNow(...args);
  }

  async size(name: string): Promise<number> {
    this.#checkPower();
    return this.#inner.size(name);
  }

  write(name: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    return this.#counted({ call: 'write', name }, { whole: () => this.#inner.write(name, chunks), part: async () => undefined });
  }

  remove(name: string): Promise<void> {
    return this.#counted({ call: 'remove', name }, { whole: () => this.#inner.remove(name), part: async () => undefined });
  }

  async list(): Promise<string[]> {
    this.#checkPower();
    return this.#inner.list();
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
    await this.#inner.close();
  }

  async destroy(): Promise<void> {
    this.#checkPower();
    await this.#inner.destroy();
  }

  async powerLoss(): Promise<void> {
    if (this.#isDark) return;
    this.#isDark = true;
    for (const [name, { whole, durable }] of this.#lengths) {
      if (durable === whole) continue;
      const kept = (await this.#inner.logs.read(name)).slice(0, durable + this.#below(whole - durable + 1));
      // The file may have its new length before it has its bytes.
      if (this.#random() < 0.3) kept.fill(0, durable + this.#below(kept.length - durable + 1));
      await this.#inner.logs.drop(name);
      if (kept.length > 0) await this.#inner.logs.append(name, kept, true);
    }
    await this.#inner.close();
  }

  async #counted(call: WriteCall, work: { whole: () => Promise<void>; part: () => Promise<void> }): Promise<void> {
    this.#checkPower();
    this.calls.push(call);
    const { at, fault = 'fail', isLasting = false } = this.#plan;
    const count = this.calls.length;
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

  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#queue.then(work, work);
    this.#queue = mine.catch(() => undefined);
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
    if (this.#isDark) throw new ElanusError('STORAGE', 'injected: the power is gone', { injected: 'power-loss' });
  }
}
