/**
 * One of several tabs that share a database: tails the logs that all append to, follows the manifest that one of them commits, and
 * is that one when its turn comes. What runs here for the whole database is told in `holder.ts`, how a collection follows in
 * `follow.ts`.
 */
import type { SealedSegment } from '../segment/sealed.ts';
import type { SharedAccess, SharedLogs } from '../storage/shared/shared.ts';
import { ElanusError, isElanusError } from '../util/error.ts';
import type { Catalog, CommitRights, Newest } from './catalog.ts';
import type { Consistency, EngineClient } from './client.ts';
import type { CollectionState, EngineParts, TabHooks } from './collection.ts';
import { follow } from './follow.ts';
import { collectGarbage } from './garbage.ts';
import { Holder } from './holder.ts';
import type { RecoveryCount } from './recovery.ts';
import { OUTDATED, recoverShared } from './replay.ts';
import { performAsked } from './shared-engine.ts';
import type { SharedLog } from './shared-log.ts';
import { isSuperseded, superseded } from './superseded.ts';
import { parseTabMessage, type TabMessage } from './tab-messages.ts';
import { VersionHold } from './version-hold.ts';

/** What the tabs do to the engine that they are part of. */
export interface Rooms {
  readonly collections: ReadonlyMap<number, { readonly state: CollectionState }>;
  adopt(state: CollectionState): void;
  /** Looks what is to be done in the background. */
  schedule(collectionId: number): void;
  /** The collection has been dropped by another tab. */
  forget(collectionId: number): Promise<void>;
  /** Stops what maintains a collection; it can begin anew afterwards. */
  interrupt(collectionId: number, reason: ElanusError): Promise<void>;
  readonly client: EngineClient;
}

/** So long nothing is heard from the holder before it is robbed. */
export const SILENCE_MS = 5_000;
/** A robbed holder may write files before it notices; it will not write so many. */
const FILE_ID_GAP = 1 << 20;
/** Others that commit faster than this many attempts to follow are not waited out. */
const FOLLOW_ATTEMPTS_MAX = 100;
/** `Bounded` reads look when what they see may be older. */
const BOUNDED_MS = 5_000;

export class Tabs implements TabHooks, CommitRights {
  readonly logs: SharedLogs;
  readonly holder: Holder;
  readonly #shared: SharedAccess;
  readonly #catalog: Catalog;
  readonly #hold: VersionHold;
  #parts!: EngineParts;
  #rooms!: Rooms;
  #stopListening: () => void = () => undefined;
  /** It has the lease and has read what there is, or is about to commit that it has. */
  #mayCommit = false;
  /** One change of what this tab is at, at a time. Never rejects. */
  #queue: Promise<unknown> = Promise.resolve();
  #refreshing: Promise<void> | null = null;
  /** Collections that wait for a newer manifest. */
  readonly #behind = new Set<number>();
  /** Collections whose sealing has been asked for. */
  readonly #reminded = new Set<number>();
  /** When the log of a collection was last known to be applied to its end. */
  readonly #lookedAt = new Map<number, number>();
  #garbage: { readonly file: string; readonly since: number }[] = [];
  #sweeping: Promise<void> = Promise.resolve();
  #isClosed = false;
  /** While the database is opened. */
  #opening: RecoveryCount | null = null;

  constructor(shared: SharedAccess, catalog: Catalog, silenceMs: number) {
    this.logs = shared.logs;
    this.#shared = shared;
    this.#catalog = catalog;
    this.#hold = new VersionHold(shared.peers, () => this.#post({ kind: 'moved' }));
    this.holder = new Holder({
      peers: shared.peers,
      silenceMs,
      takeOver: () => this.#takeOver(),
      stepDown: () => this.#stepDown(),
      perform: (method, request, context) => performAsked(this.#rooms.client, method, request, context),
      refresh: () => this.refresh(),
      post: (message) => this.#post(message),
      onError: (error) => this.#report(error),
    });
  }

  /** Opens every collection as it is now, and listens from then on. */
  async open(parts: EngineParts, rooms: Rooms, count: RecoveryCount, mayLead: boolean): Promise<void> {
    this.#parts = parts;
    this.#rooms = rooms;
    this.#opening = count;
    this.#stopListening = this.#shared.peers.onMessage((message) => this.#hear(message));
    if (mayLead) await this.holder.start();
    await this.refresh();
    this.#opening = null;
  }

  // The manifest

  /** Brings this tab to the newest manifest. */
  refresh(): Promise<void> {
    if (this.#refreshing) return this.#refreshing;
    const run = this.#exclusively(() => {
      this.#refreshing = null;
      return this.#followNewest();
    });
    return (this.#refreshing = run);
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(work);
    this.#queue = run.catch(() => {});
    return run;
  }

  async #followNewest(): Promise<void> {
    if (this.#mayCommit || this.#isClosed) return;
    for (let attempt = 1; ; attempt++) {
      const newest = await this.#catalog.readNewest();
      if (!newest && this.#behind.size === 0) return;
      try {
        await this.#moveTo(newest);
        return;
      } catch (error) {
        if (!isOutdated(error)) throw error;
        if (attempt === FOLLOW_ATTEMPTS_MAX) throw new ElanusError('UNAVAILABLE', `another tab changed the database during each of ${attempt} attempts to follow it: try again`, {}, { cause: error });
      }
    }
  }

  /** Null: the manifest that this tab is at, for collections that cannot go on. */
  async #moveTo(newest: Newest | null): Promise<void> {
    const { collections } = this.#rooms;
    const { version, collections: entries } = newest?.manifest ?? this.#catalog.manifest;
    // Before files are opened for the first time it must be known that they are in use; later the version before sees to it.
    const isFirst = !this.#hold.isHeld;
    if (isFirst && newest) {
      await this.#hold.moveTo(version);
      if (await this.#catalog.isOtherThan(newest)) throw OUTDATED;
    }
    const gone: SealedSegment[] = [];
    const opened: CollectionState[] = [];
    try {
      for (const entry of entries) {
        const known = collections.get(entry.collectionId);
        if (!known) {
          opened.push(await recoverShared(this.#parts, this.logs, entry, this.#opening));
          continue;
        }
        const isForced = !newest && this.#behind.has(entry.collectionId);
        for (const segment of await follow(this.#parts, known.state, entry, isForced)) {
          segment.pins.retire();
          gone.push(segment);
        }
        this.#behind.delete(entry.collectionId);
      }
    } catch (error) {
      for (const state of opened) await state.free();
      throw error;
    }
    if (newest) {
      this.#catalog.adopt(newest);
      this.#parts.clock.observe(newest.manifest.lastTimestamp);
    }
    for (const state of opened) this.#rooms.adopt(state);
    for (const collectionId of [...collections.keys()]) {
      if (entries.some((entry) => entry.collectionId === collectionId)) continue;
      this.#behind.delete(collectionId);
      await this.#rooms.forget(collectionId);
    }
    if (!isFirst) await this.#hold.moveTo(version, Promise.all(gone.map((segment) => segment.pins.freed)));
    for (const collectionId of collections.keys()) this.#tail(collectionId);
  }

  // Leading

  async #takeOver(): Promise<void> {
    await this.#exclusively(async () => {
      const { clock } = this.#parts;
      for (let isCommitted = false; !isCommitted; ) {
        await this.#followNewest();
        this.#mayCommit = true;
        try {
          this.#catalog.skipFileIds(FILE_ID_GAP);
          await this.#catalog.commit(clock, (manifest) => ({ ...manifest, epoch: manifest.epoch + 1 }));
          isCommitted = true;
        } catch (error) {
          this.#mayCommit = false;
          // Who was the holder has committed once more.
          if (!isSuperseded(error)) throw error;
        }
      }
      for (const { state } of this.#rooms.collections.values()) state.followed = null;
    });
    await collectGarbage(this.#parts.store, this.#catalog);
    // Who held it has not gone on to put another collection in its place.
    for (const { collectionId } of this.#catalog.manifest.collections) await this.logs.letGo(collectionId);
    for (const { state } of this.#rooms.collections.values()) {
      this.#tail(state.collectionId);
      state.sealIfFull();
      this.#rooms.schedule(state.collectionId);
    }
  }

  async #stepDown(): Promise<void> {
    this.#mayCommit = false;
    this.#garbage = [];
    await this.#exclusively(async () => {
      await Promise.all([...this.#rooms.collections.keys()].map((collectionId) => this.#rooms.interrupt(collectionId, superseded())));
      await this.#catalog.idle();
      const { collections } = this.#catalog.manifest;
      for (const { state } of this.#rooms.collections.values()) state.followed = collections.find((entry) => entry.collectionId === state.collectionId) ?? null;
      await this.#followNewest();
    });
  }

  mayCommit(): boolean {
    return this.#mayCommit;
  }

  onRobbed(): void {
    this.#mayCommit = false;
    this.holder.robbed();
  }

  async syncClock(): Promise<void> {
    const { clock } = this.#parts;
    clock.observe(await this.logs.tick(clock.last));
  }

  onCommitted(): void {
    const { version } = this.#catalog.manifest;
    this.#post({ kind: 'manifest' });
    this.#hold.moveTo(version).then(
      () => this.#sweep(),
      (error: unknown) => this.#report(error),
    );
  }

  // Garbage

  removeLater(files: readonly string[]): void {
    const { version } = this.#catalog.manifest;
    for (const file of files) this.#garbage.push({ file, since: version });
    this.#sweep();
  }

  /** Removes what no tab needs any more: what is left is tried again when a tab has gone on, and swept by the next holder. */
  #sweep(): void {
    if (this.#garbage.length === 0) return;
    this.#sweeping = this.#sweeping.then(async () => {
      const oldest = await this.#shared.peers.oldestVersion();
      const due = this.#garbage.filter(({ since }) => since <= oldest);
      this.#garbage = this.#garbage.filter(({ since }) => since > oldest);
      for (const { file } of due) await this.#parts.store.remove(file);
    }).catch((error: unknown) => this.#report(error));
  }

  // The logs

  onAppended(collectionId: number): void {
    this.#post({ kind: 'log', collectionId });
  }

  onOverfull(collectionId: number): void {
    if (this.#reminded.has(collectionId) || this.#parts.options.readOnly) return;
    this.#reminded.add(collectionId);
    // Where it is frozen or stuck, this takes the lease away.
    this.holder
      .run('flush', { collectionId }, undefined)
      .catch((error: unknown) => this.#report(error))
      .finally(() => this.#reminded.delete(collectionId));
  }

  onBehind(collectionId: number): void {
    this.#behind.add(collectionId);
    // Only who maintains the database changes and drops things: it is another tab by now.
    if (this.#mayCommit) return this.onRobbed();
    this.refresh().catch((error: unknown) => this.#report(error));
  }

  #log(collectionId: number): SharedLog | null {
    return (this.#rooms.collections.get(collectionId)?.state.log as SharedLog | undefined) ?? null;
  }

  #tail(collectionId: number): void {
    this.#log(collectionId)
      ?.tail()
      .then(
        () => this.#lookedAt.set(collectionId, performance.now()),
        (error: unknown) => this.#report(error),
      );
  }

  /** What a read of this consistency waits for; undefined: nothing. */
  look(collectionId: number, consistency: Consistency): Promise<void> | undefined {
    // What this tab has written is applied before it is acknowledged.
    if (consistency !== 'Strong' && consistency !== 'Bounded') return undefined;
    if (consistency === 'Bounded' && performance.now() - (this.#lookedAt.get(collectionId) ?? -Infinity) < BOUNDED_MS) return undefined;
    return this.#look(collectionId);
  }

  async #look(collectionId: number): Promise<void> {
    const now = performance.now();
    const last = await this.#log(collectionId)?.lastSequence();
    for (let log = this.#log(collectionId); log && log.sequence < last!; log = this.#log(collectionId)) {
      log.assertWritable();
      await log.tail();
      if (log.sequence < last!) await this.refresh();
    }
    this.#lookedAt.set(collectionId, now);
  }

  /** A timestamp after all that anyone was acknowledged, and before all that will be. */
  async now(): Promise<bigint> {
    const { clock } = this.#parts;
    clock.observe(await this.logs.tick(clock.last));
    return clock.last;
  }

  // Messages

  #post(message: TabMessage): void {
    if (!this.#isClosed) this.#shared.peers.post(message);
  }

  #hear(value: unknown): void {
    const message = parseTabMessage(value);
    if (!message || this.#isClosed) return;
    if (message.kind === 'log') this.#tail(message.collectionId);
    else if (message.kind === 'moved') this.#sweep();
    else {
      if (message.kind === 'manifest' || message.kind === 'holder') this.refresh().catch((error: unknown) => this.#report(error));
      this.holder.hear(message);
    }
  }

  #report(error: unknown): void {
    if (this.#isClosed || (isElanusError(error) && error.code === 'CLOSED')) return;
    const { code = 'INTERNAL', message, detail = {} } = error as ElanusError;
    this.#parts.onEvent({ type: 'error', code, message: `following another tab: ${message}`, detail });
  }

  // The end

  /** Before the collections are closed: nothing is followed, asked or answered any more. */
  async stop(): Promise<void> {
    this.holder.stop();
    this.#stopListening();
    await this.#queue;
  }

  /** After they are. */
  async close(): Promise<void> {
    await this.holder.release();
    this.#isClosed = true;
    await this.#sweeping;
    await this.#hold.close();
  }
}

/** What was read is no longer there, because a newer manifest has taken its place. */
const isOutdated = (error: unknown): boolean => error === OUTDATED || (isElanusError(error) && error.code === 'NOT_FOUND');
