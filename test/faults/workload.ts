/**
 * A random workload over a store with bad luck, against a plain model. In rounds: a database is opened over what the last round left,
 * operations run one by one and several at a time while a call of the store fails, tears, finds no room, loses its answer, or the
 * power goes; then the process ends in one way or another. What must be so, under `strict`:
 *
 * - after every opening the database is what the acknowledged writes made it, and each write that failed is there whole or not at all;
 * - every read, however many writes run beside it, answers one state: that of whole batches, in the order of their timestamps, with all
 *   that was acknowledged before the read began and nothing that began after it ended;
 * - reads go on after a write has failed;
 * - no file or log is left behind that nothing names.
 *
 * A seed decides everything but the moments of the host's clock.
 */
import { expect } from 'vitest';
import { defineSchema, isElanusError, type Database } from '../../src/api/index.ts';
import { makeConnect } from '../../src/api/connect.ts';
import { namedFiles } from '../../src/engine/garbage.ts';
import { decodeManifest } from '../../src/storage/manifest/codec.ts';
import { openEncryptedStore } from '../../src/storage/encrypted.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { aesKey } from '../support/aes-key.ts';
import { openTestEngine } from '../engine/harness.ts';
import { faultStore, type Fault, type FaultPlan, type FaultStore } from '../support/fault-store.ts';
import { random } from '../support/random.ts';
import { emptyWorld, type Effect, type World } from './model.ts';
import { everything, MOMENTS, OPERATIONS, type Dice, type Hands, type Operation, type OperationKind, type Setting, type Step } from './operations.ts';

const ROUNDS = 6;
const STEPS = 22;
const FIRST_NAME = 'c';
const FAULTS: readonly Fault[] = ['power-loss', 'power-loss', 'power-loss', 'fail', 'tear', 'quota', 'lose-answer'];
/** What an operation may fail with because of the store. */
const EXPECTED_CODES: readonly string[] = ['STORAGE', 'QUOTA', 'POISONED'];
const FORGOTTEN = Symbol('a time that is no longer kept');
const WRITES_AT_ONCE_MAX = 3;
/** Then the round ends. */
const FAILURES_MAX = 6;
/** Unknown outcomes multiply; beyond this a run opens anew. */
const CANDIDATES_MAX = 64;

/** Every so many seeds vectors are long enough that segments get indexes. */
const LARGE_EVERY = 8;
/** And every so many the store is encrypted. */
const ENCRYPTED_EVERY = 5;
const SMALL: Setting = { dim: 8, keys: 120, batchMax: 25 };
const LARGE: Setting = { dim: 2_048, keys: 220, batchMax: 60 };

/** Runs one seed. Rejects with what went wrong, which names the seed and the steps that led there. */
export async function runWorkload(seed: number): Promise<void> {
  const run = new Workload(seed);
  try {
    await run.all();
  } catch (error) {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`seed ${seed}: again with\n\n    npm run test:faults -- --seed ${seed}\n\n${told}\n\nThe last steps:\n${run.trace.slice(-40).join('\n')}`, { cause: error });
  }
}

/** An operation under way, and what became of it. */
interface Running {
  readonly operation: Operation;
  readonly step: Step;
  readonly issued: number;
  settled: number;
  answer: unknown;
  error: unknown;
}

class Workload {
  readonly trace: string[] = [];
  readonly #seed: number;
  readonly #dice: Dice;
  readonly #setting: Setting;
  readonly #medium = new MemoryMedium();
  readonly #key: Promise<CryptoKey> | null;
  /** What readers of this process see. */
  #world: World = emptyWorld(FIRST_NAME);
  /** What the medium may hold: one world, or several while writes have failed and nobody knows what the medium kept. */
  #candidates: readonly World[] = [this.#world];
  #isMade = false;
  #moment = 0;
  #lastTimestamp = 0n;
  /** Reads of this time and before may be refused. */
  #forgotten = 0n;
  readonly #moments: bigint[] = [];

  constructor(seed: number) {
    this.#seed = seed;
    const next = random(seed * 104_729);
    const int = (bound: number): number => Math.floor(next() * bound);
    let made = 0;
    this.#dice = { next, int, pick: (of) => of[int(of.length)]!, fresh: () => ++made, moments: this.#moments };
    this.#setting = seed % LARGE_EVERY === 0 ? LARGE : SMALL;
    this.#key = seed % ENCRYPTED_EVERY === 1 ? aesKey(1) : null;
  }

  async all(): Promise<void> {
    const { next, int, pick } = this.#dice;
    for (let round = 0; round < ROUNDS; round++) {
      const plan: FaultPlan = {
        at: 1 + int(90),
        fault: pick(FAULTS),
        isLasting: next() < 0.3,
        // Records of encrypted logs do not say what was durable before them, so that sectors lost among them are damage.
        isReordered: next() < 0.5 && !this.#key,
        delays: next() < 0.6 ? next() * 0.7 : 0,
        seed: this.#seed * 31 + round,
      };
      this.#tell(`round ${round}: ${JSON.stringify(plan)}`);
      await this.#round(plan);
    }
    this.#tell('the last opening');
    const db = await this.#open(openMemoryStore({ medium: this.#medium }) as FaultStore);
    await this.#match(db);
    await this.#assertTidy();
    await db.close();
  }

  async #round(plan: FaultPlan): Promise<void> {
    const store = faultStore(openMemoryStore({ medium: this.#medium }), plan);
    try {
      const db = await this.#open(store);
      const rows = await this.#match(db);
      const hands = { db, rows };
      const failed = await this.#work(hands, store);
      if (this.#dice.next() < 0.5) {
        this.#tell('close');
        await db.close();
        if (!failed && store.calls.length < plan.at!) await this.#assertTidy();
      }
    } catch (error) {
      if (!this.#isOfStore(error)) throw error;
      this.#tell(`the round ends: ${(error as Error).message}`);
    }
    this.#tell('power loss');
    await store.powerLoss();
  }

  async #open(store: FaultStore): Promise<Database> {
    this.#medium.lockedBy = null; // the process that held it is gone
    const view = this.#key ? await openEncryptedStore(store, await this.#key) : store;
    const connect = makeConnect(async ({ options }) => (await openTestEngine(view, options)).client);
    return connect('memory:');
  }

  /** Finds out which of the candidates the database holds, whole. */
  async #match(db: Database): Promise<Hands['rows']> {
    const names = await db.listCollections();
    if (!this.#isMade && names.length === 0) {
      const schema = defineSchema({
        fields: { key: { type: 'Int64', primaryKey: true }, tag: { type: 'VarChar', maxLength: 64 }, vector: { type: 'FloatVector', dim: this.#setting.dim } },
      });
      await db.createCollection(FIRST_NAME, schema, { ifNotExists: true });
    } else expect(names.length, `collections ${names.join()}`).toBe(1);
    const name = (await db.listCollections())[0]!;
    const rows = await db.collection(name);
    this.#isMade = true;
    const looks = OPERATIONS.filter(({ kind }) => kind === 'read').flatMap((operation) => Array.from({ length: 3 }, () => operation));
    const wrongs: string[] = [];
    const held: World[] = [];
    // Partitions may differ between candidates: what is asked for is drawn from one that fits.
    const fields = rows.schema.fields.slice(3).map((field) => field.name);
    const named = this.#candidates.filter(({ collection }) => collection.name === name && collection.fields.join() === fields.join());
    expect(named.length, `is named ${name} with fields ${fields.join()}, expected ${this.#candidates.map(({ collection }) => `${collection.name} with ${collection.fields.join()}`).join(' or ')}`).toBeGreaterThan(0);
    const listed = OPERATIONS.find((operation) => operation.name === 'listPartitions')!.draw(this.#dice, named[0]!, this.#setting)!;
    const partitions = await listed.run({ db, rows });
    for (const world of named) {
      const wrong = listed.check!(partitions, world);
      if (wrong) {
        wrongs.push(`${listed.about} ${wrong}`);
        continue;
      }
      // Every row decides, at every moment that may be asked for later: candidates may differ in the past alone.
      const moments = named.length > 1 ? this.#moments.slice(-MOMENTS) : [];
      const steps = [undefined, ...moments].map((at) => everything(world, this.#setting, { at })).concat(looks.map((operation) => operation.draw(this.#dice, world, this.#setting)!));
      let reason: string | null = null;
      for (const step of steps) {
        const answer = await step.run({ db, rows }).catch((error: unknown) => {
          if (!this.#isForgotten(step, error)) throw error;
          return FORGOTTEN;
        });
        reason = answer === FORGOTTEN ? null : step.check!(answer, world);
        if (reason) {
          wrongs.push(`${step.about} ${reason}`);
          break;
        }
      }
      if (!reason) held.push(world);
    }
    expect(held.length, `the database is none of ${this.#candidates.length} that it may be: ${wrongs.join('; ')}`).toBeGreaterThan(0);
    this.#world = held[0]!;
    this.#candidates = [this.#world];
    return rows;
  }

  /** Operations, one by one and several at a time. Answers whether one of them failed. */
  async #work(hands: Hands, store: FaultStore): Promise<boolean> {
    let failures = 0;
    for (let step = 0; step < STEPS && failures < FAILURES_MAX; step++) {
      const group = this.#drawGroup();
      const running = group.map(([operation, one]) => this.#run(operation, one, hands));
      const done = await Promise.all(running);
      failures += this.#settle(done, store);
      if (store.isDark || this.#candidates.length > CANDIDATES_MAX) return true;
    }
    return failures > 0;
  }

  #drawGroup(): [Operation, Step][] {
    const wanted = this.#dice.next() < 0.55 ? 1 : 2 + this.#dice.int(5);
    const group: [Operation, Step][] = [];
    const has = (kind: OperationKind): number => group.filter(([operation]) => operation.kind === kind).length;
    for (let tries = 0; group.length < wanted && tries < 30; tries++) {
      const operation = this.#drawOperation();
      if (operation.kind === 'write' && (has('change') > 0 || has('write') >= WRITES_AT_ONCE_MAX)) continue;
      if (operation.kind === 'change' && has('change') + has('write') > 0) continue;
      const step = operation.draw(this.#dice, this.#world, this.#setting);
      // A read that names a partition which is dropped beside it may find it gone.
      if (step) group.push([operation, step]);
    }
    return group;
  }

  #drawOperation(): Operation {
    const total = OPERATIONS.reduce((sum, { weight }) => sum + weight, 0);
    let at = this.#dice.int(total);
    for (const operation of OPERATIONS) if ((at -= operation.weight) < 0) return operation;
    throw new Error('the weights have a sum');
  }

  async #run(operation: Operation, step: Step, hands: Hands): Promise<Running> {
    const running: Running = { operation, step, issued: ++this.#moment, settled: 0, answer: undefined, error: undefined };
    this.#tell(`  ${running.issued}: ${step.about}`);
    try {
      running.answer = await step.run(hands);
    } catch (error) {
      running.error = error ?? new Error('rejected with nothing');
    }
    running.settled = ++this.#moment;
    this.#tell(`  ${running.settled}: ${running.error ? `failed (${(running.error as { code?: string }).code}: ${(running.error as Error).message})` : 'done'}: ${step.about}`);
    return running;
  }

  /** Takes over what a group has changed and checks what it answered. Answers how many of it failed. */
  #settle(group: readonly Running[], store: FaultStore): number {
    const failed = group.filter(({ error }) => error !== undefined);
    const isRefused = ({ step, error }: Running): boolean => step.refusal !== undefined && (error as { code?: string }).code === step.refusal && group.filter(({ operation }) => operation.kind === 'write').length > 1;
    const isGone = (error: unknown): boolean => (error as { code?: string }).code === 'NOT_FOUND' && group.some(({ operation }) => operation.name === 'dropPartition');
    const timestampOf = ({ answer }: Running): bigint => (answer as { timestamp?: bigint } | undefined)?.timestamp ?? this.#lastTimestamp;
    if (group.some(({ step }) => step.forgets)) this.#forgotten = group.map(timestampOf).reduce((a, b) => (a > b ? a : b));
    const isForgotten = ({ step, error }: Running): boolean => this.#isForgotten(step, error);
    for (const one of failed) {
      const { error, operation, step } = one;
      if ((operation.kind === 'read' && (isGone(error) || isForgotten(one))) || isRefused(one)) continue;
      if (!this.#isOfStore(error)) throw error;
      if (operation.kind === 'read' && !store.isDark) throw new Error(`a read failed though the power is there: ${step.about}`, { cause: error });
    }

    const changes = group.filter(({ operation, error }) => (operation.kind === 'write' || operation.kind === 'change') && error === undefined);
    changes.sort((a, b) => (timestampOf(a) < timestampOf(b) ? -1 : 1));
    for (const [i, change] of changes.entries()) {
      for (const earlier of changes.slice(0, i)) expect(earlier.issued < change.settled, `timestamps in the order of ${earlier.step.about} and ${change.step.about}`).toBe(true);
      if (change.operation.kind === 'write') expect(timestampOf(change) > this.#lastTimestamp, 'timestamps grow').toBe(true);
    }
    /** Of none of the changes, of the first, of the first two, … */
    const states: World[] = [this.#world];
    for (const change of changes) {
      const before = states.at(-1)!;
      const wrong = change.step.check?.(change.answer, before);
      if (wrong) throw new Error(`${change.step.about} ${wrong}`);
      const timestamp = timestampOf(change);
      if (timestamp > this.#lastTimestamp) {
        this.#lastTimestamp = timestamp;
        this.#moments.push(timestamp);
      }
      const effect = effectOf(change.step, before);
      states.push(effect(before, timestamp));
      this.#candidates = this.#candidates.map((world) => effect(world, timestamp));
    }
    /** What a call that failed may have done before. */
    const also = failed.filter(({ step }) => step.isLong).flatMap(({ step }) => states.map((state) => step.effect!(state, this.#lastTimestamp)));
    for (const read of group) if (read.operation.kind === 'read' && read.error === undefined) this.#checkRead(read, changes, states, also);
    this.#world = states.at(-1)!;

    // What was refused because of an earlier failure was not written; of the others any may have been, in any order.
    const doubtful = failed.filter((one) => (one.operation.kind === 'write' || one.operation.kind === 'change') && !isRefused(one) && ((one.error as { code: string }).code !== 'POISONED' || one.step.isLong === true));
    const timestamp = this.#lastTimestamp + 1n;
    this.#candidates = orders(doubtful).flatMap((order) => this.#candidates.map((world) => order.reduce((state, { step }) => effectOf(step, this.#world)(state, timestamp), world)));
    if (failed.some(({ step }) => step.isLong)) return FAILURES_MAX;
    return failed.filter((one) => !isGone(one.error) && !isRefused(one) && !isForgotten(one)).length;
  }

  /** A read has seen all changes that were acknowledged before it began, and none that began after it ended. */
  #checkRead(read: Running, changes: readonly Running[], states: readonly World[], also: readonly World[]): void {
    const least = changes.reduce((count, change, i) => (change.settled < read.issued ? i + 1 : count), 0);
    const most = changes.reduce((count, change, i) => (change.issued < read.settled ? i + 1 : count), 0);
    const wrongs: string[] = [];
    for (const state of [...states.slice(least, Math.max(most, least) + 1), ...also]) {
      const wrong = read.step.check!(read.answer, state);
      if (!wrong) return;
      wrongs.push(wrong);
    }
    throw new Error(`${read.step.about} answered no state there was: ${wrongs.join('; or: ')}`);
  }

  /** A closed database has on its medium what its manifest names, and a log or two. */
  async #assertTidy(): Promise<void> {
    if (!this.#medium.root || this.#key) return;
    expect([...this.#medium.files.keys()].sort()).toEqual([...namedFiles(decodeManifest(this.#medium.root))].sort());
  }

  /** A read of a time that is no longer kept. */
  #isForgotten({ at }: Step, error: unknown): boolean {
    return at !== undefined && at <= this.#forgotten && (error as { code?: string }).code === 'INVALID_ARGUMENT';
  }

  #isOfStore(error: unknown): boolean {
    return isElanusError(error) && EXPECTED_CODES.includes(error.code);
  }

  #tell(line: string): void {
    this.trace.push(line);
  }
}

const effectOf = (step: Step, seen: World): Effect => step.effectOf?.(seen) ?? step.effect!;

/** Every choice of these, in every order: none first. */
function orders<T>(of: readonly T[]): T[][] {
  return [[], ...of.flatMap((first, i) => orders(of.filter((_, other) => other !== i)).map((rest) => [first, ...rest]))];
}
