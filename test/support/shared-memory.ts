/**
 * Several engines over one medium in memory, as tabs over IndexedDB: what each call does happens at once, but it may be reached
 * and answered late, so that calls of different engines interleave in any order. A tab can die, freeze or be robbed.
 */
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { decodeHead, decodeRecordHead, encodeHead, encodeRecordHead, finishRecord, RECORD_HEAD_BYTES, type SharedHead } from '../../src/storage/shared/format.ts';
import { assertNotEnded, bornHead, heldHead, letGoHead, nextTimestamp, placeDrafts } from '../../src/storage/shared/placing.ts';
import type { Lease, Peers, SharedLogs } from '../../src/storage/shared/shared.ts';
import type { Store } from '../../src/storage/store.ts';
import { ElanusError } from '../../src/util/error.ts';

/** Waits a while, or not at all. */
export type Delay = () => Promise<void>;

interface Tab {
  /** Messages, and releases of versions, reach it no more. */
  isFrozen: boolean;
  isDead: boolean;
  readonly listeners: Set<(message: unknown) => void>;
  readonly backlog: unknown[];
}

interface Waiting {
  readonly tab: Tab;
  grant(): void;
}

/** The disk and the browser that the tabs share. */
export class SharedMemoryMedium {
  readonly medium = new MemoryMedium();
  readonly heads = new Map<number, Uint8Array>();
  /** In order, whatever the generation. */
  readonly records = new Map<number, { readonly generation: number; readonly bytes: Uint8Array }[]>();
  clock = 0n;
  readonly tabs = new Set<Tab>();
  /** The lease: who has it, and how it is told that it was taken away. */
  holder: { readonly tab: Tab; lose(): void } | null = null;
  readonly queue: Waiting[] = [];
  /** Versions in use, by tab. */
  readonly versions = new Map<Tab, number[]>();
  /** Wall clock of the medium; grows slowly, so that timestamps meet. */
  now = 1_700_000_000_000;

  grantNext(): void {
    if (this.holder !== null) return;
    const index = this.queue.findIndex(({ tab }) => !tab.isDead);
    if (index < 0) return;
    const [next] = this.queue.splice(index, 1);
    next!.grant();
  }
}

export interface SharedTab {
  readonly store: Store;
  /** Its calls stay unanswered from now on; locks are given back, as the browser does. */
  kill(): void;
  freeze(): void;
  thaw(): void;
}

export function openTab(shared: SharedMemoryMedium, delay: Delay = async () => {}): SharedTab {
  const tab: Tab = { isFrozen: false, isDead: false, listeners: new Set(), backlog: [] };
  shared.tabs.add(tab);
  const inner = openMemoryStore({ medium: shared.medium });
  let thawed: (() => void)[] = [];
  const pause = async (): Promise<void> => {
    await delay();
    if (tab.isDead) await new Promise(() => {});
    while (tab.isFrozen) await new Promise<void>((resolve) => thawed.push(resolve));
  };
  /** Reached late, done at once, answered late. */
  const call = async <T>(work: () => T | Promise<T>): Promise<T> => {
    await pause();
    const result = await work();
    await pause();
    return result;
  };

  const readHead = (id: number): SharedHead | null => (shared.heads.has(id) ? decodeHead('head', shared.heads.get(id)!) : null);
  const logs: SharedLogs = {
    append: (id, drafts, { after, birth }) =>
      call(() => {
        const placed = placeDrafts(readHead(id) ?? bornHead(birth), shared.clock, drafts, after, shared.now);
        shared.clock = placed.clock;
        shared.heads.set(id, encodeHead(placed.head));
        const list = shared.records.get(id) ?? [];
        shared.records.set(id, list);
        placed.places.forEach((place, i) => {
          if (!place) return;
          const { payload, payloadCrc } = drafts[i]!;
          const bytes = new Uint8Array(RECORD_HEAD_BYTES + payload.length);
          bytes.set(encodeRecordHead({ collectionId: id, ...place }, payload.length, payloadCrc));
          bytes.set(payload, RECORD_HEAD_BYTES);
          list.push({ generation: place.generation, bytes });
        });
        return placed.places;
      }),
    read: (id, generation, after) =>
      call(() => {
        const head = readHead(id);
        if (!head) return null;
        const records = (shared.records.get(id) ?? [])
          .filter((record) => record.generation >= generation)
          .map(({ bytes }) => finishRecord('log', decodeRecordHead('log', bytes), bytes.slice(RECORD_HEAD_BYTES)))
          .filter((record) => record.sequence > after);
        return { head, records };
      }),
    lastSequence: (id) => call(() => readHead(id)?.sequence ?? 0),
    rotate: (id, birth) =>
      call(() => {
        const head = readHead(id) ?? bornHead(birth);
        assertNotEnded(head);
        shared.heads.set(id, encodeHead({ ...head, generation: head.generation + 1 }));
        return head.generation + 1;
      }),
    drop: (id, generation) =>
      call(() => {
        const head = readHead(id);
        if (!head || generation <= head.firstGeneration) return;
        shared.records.set(id, (shared.records.get(id) ?? []).filter((record) => record.generation >= generation));
        shared.heads.set(id, encodeHead({ ...head, firstGeneration: generation }));
      }),
    hold: (id, birth) => call(() => void shared.heads.set(id, encodeHead(heldHead(readHead(id) ?? bornHead(birth))))),
    letGo: (id) =>
      call(() => {
        const head = readHead(id);
        if (head) shared.heads.set(id, encodeHead(letGoHead(head)));
      }),
    end: (id) =>
      call(() => {
        const head = readHead(id) ?? bornHead({ generation: 1, nextAutoId: 1n });
        shared.records.delete(id);
        shared.heads.set(id, encodeHead({ ...head, isEnded: true }));
      }),
    list: () => call(() => [...shared.heads.keys()].filter((id) => !readHead(id)!.isEnded)),
    tick: (after) => call(() => (shared.clock = nextTimestamp(shared.clock, after, shared.now))),
  };

  const peers: Peers = {
    areSeveral: true,
    lead: ({ ifAvailable = false, steal = false, signal } = {}) =>
      new Promise((resolve, reject) => {
        const grant = (): void => {
          let lose!: () => void;
          const lost = new Promise<void>((done) => (lose = done));
          const mine = { tab, lose };
          shared.holder = mine;
          const lease: Lease = {
            lost,
            release: async () => {
              await pause();
              if (shared.holder === mine) {
                shared.holder = null;
                shared.grantNext();
              }
              lose();
            },
          };
          void pause().then(() => resolve(lease));
        };
        void pause().then(() => {
          if (signal?.aborted) return reject(new ElanusError('ABORTED', 'no longer waiting'));
          if (steal) {
            const robbed = shared.holder;
            grant();
            if (robbed) void pauseOf(robbed.tab).then(robbed.lose);
          } else if (shared.holder === null) grant();
          else if (ifAvailable) resolve(null);
          else {
            const waiting = { tab, grant };
            shared.queue.push(waiting);
            signal?.addEventListener('abort', () => {
              const index = shared.queue.indexOf(waiting);
              if (index < 0) return;
              shared.queue.splice(index, 1);
              reject(new ElanusError('ABORTED', 'no longer waiting'));
            });
          }
        });
      }),
    holdVersion: (version) =>
      call(() => {
        const held = shared.versions.get(tab) ?? [];
        shared.versions.set(tab, held);
        held.push(version);
        return () => void held.splice(held.indexOf(version), 1);
      }),
    oldestVersion: () => call(() => Math.min(Infinity, ...[...shared.versions.values()].flat())),
    post(message) {
      // Timers of a dead or frozen tab still run here, as they would not.
      if (tab.isDead || tab.isFrozen) return;
      for (const other of shared.tabs) {
        if (other === tab || other.isDead) continue;
        const copy = structuredClone(message);
        void delay().then(() => (other.isFrozen ? other.backlog.push(copy) : other.listeners.forEach((listener) => listener(copy))));
      }
    },
    onMessage(listener) {
      tab.listeners.add(listener);
      return () => void tab.listeners.delete(listener);
    },
  };
  const pauseOf = async (other: Tab): Promise<void> => {
    await delay();
    while (other.isFrozen) await new Promise((resolve) => setTimeout(resolve, 1));
  };

  const giveBack = (): void => {
    shared.tabs.delete(tab);
    shared.versions.delete(tab);
    for (let i = shared.queue.length - 1; i >= 0; i--) if (shared.queue[i]!.tab === tab) shared.queue.splice(i, 1);
    if (shared.holder?.tab === tab) {
      shared.holder = null;
      shared.grantNext();
    }
  };
  const store: Store = {
    sharedUrl: null,
    read: (...args) => call(() => inner.read(...args)),
    readNow: () => false,
    size: (name) => call(() => inner.size(name)),
    write: (name, chunks) => call(() => inner.write(name, chunks)),
    remove: (name) => call(() => inner.remove(name)),
    list: () => call(() => inner.list()),
    logs: inner.logs,
    root: { read: () => call(() => inner.root.read()), swap: (expected, next) => call(() => inner.root.swap(expected, next)) },
    shared: { logs, peers },
    lock: () => inner.lock(),
    estimate: () => inner.estimate(),
    async close() {
      giveBack();
      await inner.close();
    },
    destroy: () => inner.destroy(),
  };
  return {
    store,
    kill() {
      tab.isDead = true;
      giveBack();
    },
    freeze() {
      tab.isFrozen = true;
    },
    thaw() {
      tab.isFrozen = false;
      for (const resolve of thawed.splice(0)) resolve();
      thawed = [];
      for (const message of tab.backlog.splice(0)) for (const listener of tab.listeners) listener(message);
    },
  };
}

