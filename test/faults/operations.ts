/**
 * What the workload does. Each operation is an entry of the table at the end: how often it is drawn, and what one of them is: a call
 * of the public API, and what it changes in the model or must have answered.
 */
import type { Collection, Database } from '../../src/api/index.ts';
import { bestScores, score } from '../engine/model.ts';
import { DEFAULT_PARTITION, deleted, inserted, liveOf, purged, renamed, tagged, truncated, visible, withField, withoutPartition, withPartition, type Asked, type Effect, type NewRow, type Version, type World } from './model.ts';

/** What operations draw from. */
export interface Dice {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in 0 .. bound - 1. */
  int(bound: number): number;
  pick<T>(of: readonly T[]): T;
  /** A number that nothing else of this run has. */
  fresh(): number;
  /** Timestamps of writes, newest last. */
  readonly moments: readonly bigint[];
}

/** What a seed decides once. */
export interface Setting {
  readonly dim: number;
  readonly keys: number;
  readonly batchMax: number;
}

export interface Hands {
  readonly db: Database;
  /** Another one once the schema has changed. */
  rows: Collection;
}

/** One drawn operation. */
export interface Step {
  readonly about: string;
  /** Answers what `check` is given; of a write, its timestamp too. */
  run(hands: Hands): Promise<unknown>;
  /** Absent: it changes nothing that can be read. */
  readonly effect?: Effect;
  /** In place of `effect`: of a call that reads before it writes, and what it read is what it wrote. */
  effectOf?(seen: World): Effect;
  /** What is wrong with an answer if the world was that; null: nothing. `before`: as the effect found it. */
  check?(answer: unknown, before: World): string | null;
  /** When it reads; absent: now. */
  readonly at?: bigint;
  /** It gives up what can be read of the past. */
  readonly forgets?: boolean;
  /** It may fail after its effect is there. */
  readonly isLong?: boolean;
  /** The code with which it is refused, nothing done, where another write came before it. */
  readonly refusal?: string;
}

/**
 * `write`: has a timestamp, any number at a time. `change`: has none, and so no write or other change beside it. `read`: answers what one
 * state between its beginning and its end says. `upkeep`: changes nothing that a read can tell.
 */
export type OperationKind = 'write' | 'change' | 'read' | 'upkeep';

export interface Operation {
  readonly name: string;
  readonly kind: OperationKind;
  readonly weight: number;
  /** null: not now. */
  draw(dice: Dice, world: World, setting: Setting): Step | null;
}

const vectorOf = ({ int }: Dice, dim: number): Float32Array => Float32Array.from({ length: dim }, () => int(17) - 8);
const keysOf = ({ int }: Dice, count: number, keys: number): bigint[] => [...new Set(Array.from({ length: count }, () => BigInt(int(keys))))];
const partitionsOf = (dice: Dice, { collection }: World): string[] | undefined => (dice.next() < 0.6 ? undefined : [...new Set([dice.pick(collection.partitions), dice.pick(collection.partitions)])]);
/** So many of the last moments are read of. */
export const MOMENTS = 30;
const momentOf = (dice: Dice): bigint | undefined => (dice.moments.length > 0 && dice.next() < 0.3 ? dice.moments.at(-1 - dice.int(Math.min(dice.moments.length, MOMENTS))) : undefined);
/** The options of a read of the past, or none. */
const past = (at: bigint | undefined): { at?: bigint } => (at === undefined ? {} : { at });
const tell = (names: readonly string[] | undefined): string => (names ? ` of ${names.join(', ')}` : '');

/** The only metric of the workload, which is also that of a field without an index: so scores do not depend on what serves. */
export const METRIC = 'COSINE';

const COUNT_OF = (batch: readonly unknown[]) => (answer: unknown): string | null => ((answer as { count: number }).count === batch.length ? null : `answered ${String((answer as { count: number }).count)} rows, expected ${batch.length}`);

function newRows(dice: Dice, { collection }: World, { dim, keys, batchMax }: Setting): { tag: string; batch: NewRow[] } {
  const tag = `batch ${dice.fresh()}`;
  const extraOf = (): Record<string, number> => Object.fromEntries(collection.fields.filter(() => dice.next() < 0.6).map((name) => [name, dice.int(1_000)]));
  return { tag, batch: keysOf(dice, 1 + dice.int(batchMax), keys).map((key) => ({ key, tag, vector: vectorOf(dice, dim), extra: extraOf() })) };
}

const asGiven = (batch: readonly NewRow[]): never => batch.map(({ extra, ...row }) => ({ ...row, ...extra })) as never;

function insert(dice: Dice, world: World, setting: Setting): Step {
  const partition = dice.next() < 0.5 ? DEFAULT_PARTITION : dice.pick(world.collection.partitions);
  const { tag, batch } = newRows(dice, world, setting);
  const call = dice.next() < 0.7 ? 'insert' : 'upsert';
  return { about: `${call} ${tag} of ${batch.length} into ${partition}`, run: ({ rows }) => rows[call](asGiven(batch), { partition }), effect: inserted(batch, partition), check: COUNT_OF(batch) };
}

/** Another tag for rows that are there. */
function upsertPartial(dice: Dice, world: World, { keys }: Setting): Step | null {
  // They must be of one partition, which they stay in.
  const live = visible(world, { partitions: [dice.pick(world.collection.partitions)] });
  const chosen = keysOf(dice, 1 + dice.int(20), keys).filter((key) => live.has(key));
  if (chosen.length === 0) return null;
  const tag = `tag ${dice.fresh()}`;
  return {
    about: `upsert ${tag} of ${chosen.length} rows`,
    run: ({ rows }) => rows.upsert(chosen.map((key) => ({ key, tag })) as never, { partial: true }),
    effectOf: (seen) => tagged(seen, chosen, tag),
    check(answer, before) {
      const places = new Set(chosen.map((key) => liveOf(before.collection.rows.get(key))?.partition));
      if (places.has(undefined)) return 'was done though some key is not there';
      return places.size === 1 ? COUNT_OF(chosen)(answer) : `was done over ${[...places].join()}`;
    },
    refusal: 'INVALID_ARGUMENT',
  };
}

function remove(dice: Dice, world: World, { keys }: Setting): Step {
  const partition = dice.next() < 0.7 ? undefined : dice.pick(world.collection.partitions);
  const ids = keysOf(dice, 1 + dice.int(15), keys);
  return {
    about: `delete ${ids.length} keys${tell(partition === undefined ? undefined : [partition])}`,
    run: ({ rows }) => rows.delete({ ids: [...ids] as never, ...(partition === undefined ? {} : { partition }) }),
    effect: deleted(ids, partition),
    check(answer, before) {
      const live = visible(before, partition === undefined ? {} : { partitions: [partition] });
      const expected = ids.filter((id) => live.has(id)).length;
      return (answer as { count: number }).count === expected ? null : `answered ${(answer as { count: number }).count} rows, expected ${expected}`;
    },
  };
}

interface DrawnFilter {
  readonly text: string;
  matches(row: Pick<Version, 'key' | 'tag' | 'extra'>): boolean;
}

/** Of keys, of texts, or of a field that was added, in which rows may have no value. */
function filterOf(dice: Dice, { collection }: World): DrawnFilter {
  const n = 2 + dice.int(6);
  const rest = dice.int(n);
  const digit = dice.int(10);
  const least = dice.int(1_000);
  const field = collection.fields.length > 0 ? dice.pick(collection.fields) : null;
  const byKey: DrawnFilter = { text: `key % ${n} == ${rest}`, matches: ({ key }) => Number(key) % n === rest };
  const byTag: DrawnFilter = { text: `tag like "%${digit}"`, matches: ({ tag }) => tag.endsWith(String(digit)) };
  if (field === null) return dice.pick([byKey, byTag]);
  const byField: DrawnFilter = { text: `not (${field} < ${least})`, matches: ({ extra }) => extra[field] !== undefined && extra[field] >= least };
  const byNone: DrawnFilter = { text: `${field} is null or key == ${rest}`, matches: ({ extra, key }) => extra[field] === undefined || key === BigInt(rest) };
  return dice.pick([byKey, byTag, byField, byNone]);
}

/** Of the rows that a read sees, those that match. */
function matching(world: World, asked: Asked, filter: DrawnFilter | null): Map<bigint, Version> {
  const seen = visible(world, asked);
  return filter ? new Map([...seen].filter(([, row]) => filter.matches(row))) : seen;
}

const sometimes = (dice: Dice, world: World): DrawnFilter | null => (dice.next() < 0.4 ? filterOf(dice, world) : null);
const tellFilter = (filter: DrawnFilter | null): string => (filter ? ` where ${filter.text}` : '');

function removeMatching(dice: Dice, world: World): Step {
  const partition = dice.next() < 0.7 ? undefined : dice.pick(world.collection.partitions);
  const filter = filterOf(dice, world);
  const asked = partition === undefined ? {} : { partitions: [partition] };
  return {
    about: `delete${tell(asked.partitions)}${tellFilter(filter)}`,
    run: ({ rows }) => rows.delete({ filter: filter.text, ...(partition === undefined ? {} : { partition }) }),
    effectOf: (seen) => deleted([...matching(seen, asked, filter).keys()], partition),
    check(answer, before) {
      const expected = matching(before, asked, filter).size;
      return (answer as { count: number }).count === expected ? null : `answered ${(answer as { count: number }).count} rows, expected ${expected}`;
    },
  };
}

const when = (at: bigint | undefined): string => (at === undefined ? '' : ` at ${at}`);

function purge(dice: Dice, _world: World, { keys }: Setting): Step {
  const ids = keysOf(dice, 1 + dice.int(8), keys);
  return { about: `purge ${ids.length} keys`, run: ({ rows }) => rows.delete({ ids: [...ids] as never, purge: true }), effect: purged(ids), isLong: true };
}

function getAll(dice: Dice, world: World, setting: Setting): Step {
  return everything(world, setting, { partitions: partitionsOf(dice, world), at: momentOf(dice) });
}

/** All keys at once: an answer that is half of a batch is found out. */
export function everything(world: World, { keys }: Setting, { at, partitions }: Asked = {}): Step {
  const ids = Array.from({ length: keys }, (_, i) => BigInt(i));
  const { fields } = world.collection;
  return {
    ...past(at),
    about: `get all${tell(partitions)}${when(at)}`,
    run: ({ rows }) => rows.get(ids as never, { outputFields: ['tag', 'vector', ...fields] as never, ...(partitions ? { partitions: [...partitions] } : {}), ...past(at) }),
    check(answer, before) {
      const found = answer as ({ key: bigint; tag: string; vector: Float32Array } & Record<string, unknown>)[];
      const expected = visible(before, { partitions, at });
      if (found.length !== expected.size) return `answered ${found.length} rows, expected ${expected.size}`;
      for (const { key, tag, vector, ...extra } of found) {
        const row = expected.get(key);
        if (!row) return `answered key ${key}, which is not there`;
        if (row.tag !== tag) return `answered key ${key} of ${tag}, expected ${row.tag}`;
        if (row.vector.some((value, i) => value !== vector[i])) return `answered another vector of key ${key}`;
        const other = fields.find((name) => extra[name] !== (row.extra[name] ?? null));
        if (other !== undefined) return `answered ${String(extra[other])} as "${other}" of key ${key}, expected ${row.extra[other] ?? null}`;
      }
      return null;
    },
  };
}

function count(dice: Dice, world: World): Step {
  const partitions = partitionsOf(dice, world);
  const at = momentOf(dice);
  const filter = sometimes(dice, world);
  return {
    ...past(at),
    about: `count${tell(partitions)}${tellFilter(filter)}${when(at)}`,
    run: ({ rows }) => rows.count(filter?.text, { ...(partitions ? { partitions } : {}), ...past(at) }),
    check(answer, before) {
      const expected = matching(before, { partitions, at }, filter).size;
      return answer === expected ? null : `answered ${String(answer)}, expected ${expected}`;
    },
  };
}

/** Exact, whatever index there is: see the indexes of `createIndex`. */
function search(dice: Dice, world: World, { dim }: Setting): Step {
  const partitions = partitionsOf(dice, world);
  const query = vectorOf(dice, dim);
  const limit = 1 + dice.int(20);
  const at = momentOf(dice);
  const filter = sometimes(dice, world);
  return {
    ...past(at),
    about: `search ${limit}${tell(partitions)}${tellFilter(filter)}${when(at)}`,
    run: ({ rows }) => rows.search({ vector: query as never, limit, outputFields: ['tag'] as never, ...(filter ? { filter: filter.text } : {}), ...(partitions ? { partitions } : {}), ...past(at) }),
    check(answer, before) {
      const hits = answer as unknown as { id: bigint; score: number; entity: { tag: string } }[];
      const rows = matching(before, { partitions, at }, filter);
      const expected = bestScores([...rows.values()].map((row) => ({ ...row, label: row.tag })), METRIC, query, limit);
      if (hits.length !== expected.length) return `answered ${hits.length} hits, expected ${expected.length}`;
      for (const [i, { id, score: got, entity }] of hits.entries()) {
        const row = rows.get(id);
        if (!row || row.tag !== entity.tag) return `hit ${i} is key ${id} of ${entity.tag}, expected ${row?.tag ?? 'no such key'}`;
        if (!isNear(got, score(METRIC, query, row.vector)) || !isNear(got, expected[i]!)) return `hit ${i} has score ${got}, expected ${expected[i]}`;
      }
      return null;
    },
  };
}

const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-3 * Math.max(1, Math.abs(b));

function listPartitions(): Step {
  return {
    about: 'list partitions',
    run: ({ rows }) => rows.listPartitions(),
    check(answer, before) {
      const got = (answer as { name: string; rows: number }[]).map(({ name, rows }) => `${name} ${rows}`).sort();
      const expected = before.collection.partitions.map((name) => `${name} ${visible(before, { partitions: [name] }).size}`).sort();
      return got.join() === expected.join() ? null : `answered ${got.join()}, expected ${expected.join()}`;
    },
  };
}

/** Indexes that find what a scan finds: all lists are probed. */
const INDEXES = [
  { type: 'FLAT', metric: METRIC },
  { type: 'IVF_FLAT', metric: METRIC, params: { nlist: 4 } },
] as const;

export const OPERATIONS: readonly Operation[] = [
  { name: 'insert', kind: 'write', weight: 30, draw: insert },
  { name: 'upsert of a field', kind: 'write', weight: 8, draw: upsertPartial },
  { name: 'delete', kind: 'write', weight: 10, draw: remove },
  { name: 'delete by filter', kind: 'write', weight: 4, draw: removeMatching },
  { name: 'get', kind: 'read', weight: 12, draw: getAll },
  { name: 'count', kind: 'read', weight: 4, draw: count },
  { name: 'search', kind: 'read', weight: 10, draw: search },
  { name: 'listPartitions', kind: 'read', weight: 2, draw: listPartitions },
  { name: 'compact', kind: 'upkeep', weight: 4, draw: () => ({ about: 'compact', run: ({ rows }) => rows.compact() }) },
  { name: 'forget', kind: 'upkeep', weight: 1, draw: () => ({ about: 'compact without the past', run: ({ rows }) => rows.compact({ retentionSeconds: 0 }), forgets: true }) },
  { name: 'purge', kind: 'change', weight: 3, draw: purge },
  { name: 'load', kind: 'upkeep', weight: 2, draw: () => ({ about: 'load', run: ({ rows }) => rows.load() }) },
  { name: 'release', kind: 'upkeep', weight: 2, draw: () => ({ about: 'release', run: ({ rows }) => rows.release() }) },
  { name: 'flush', kind: 'upkeep', weight: 8, draw: () => ({ about: 'flush', run: ({ rows }) => rows.flush() }) },
  {
    name: 'createIndex',
    kind: 'upkeep',
    weight: 5,
    draw(dice) {
      const spec = dice.pick(INDEXES);
      const wait = dice.next() < 0.5;
      return { about: `create index ${spec.type}${wait ? '' : ' behind'}`, run: ({ rows }) => rows.createIndex('vector' as never, spec, { wait }).catch(ignoreSuperseded) };
    },
  },
  { name: 'dropIndex', kind: 'upkeep', weight: 2, draw: () => ({ about: 'drop index', run: ({ rows }) => rows.dropIndex('vector' as never).catch(ignoreMissing) }) },
  {
    name: 'createPartition',
    kind: 'change',
    weight: 3,
    draw(dice, { collection }) {
      if (collection.partitions.length >= 5) return null;
      const name = `p${dice.fresh()}`;
      return { about: `create partition ${name}`, run: ({ rows }) => rows.createPartition(name), effect: withPartition(name) };
    },
  },
  {
    name: 'dropPartition',
    kind: 'change',
    weight: 2,
    draw(dice, { collection }) {
      const droppable = collection.partitions.filter((name) => name !== DEFAULT_PARTITION);
      if (droppable.length === 0) return null;
      const name = dice.pick(droppable);
      return { about: `drop partition ${name}`, run: ({ rows }) => rows.dropPartition(name), effect: withoutPartition(name) };
    },
  },
  {
    name: 'addField',
    kind: 'change',
    weight: 1,
    draw(dice, { collection }) {
      if (collection.fields.length >= 3) return null;
      const name = `f${dice.fresh()}`;
      return {
        about: `add field ${name}`,
        run: async (hands) => {
          hands.rows = (await hands.rows.addField(name, { type: 'Int32', nullable: true })) as unknown as Collection;
        },
        effect: withField(name),
      };
    },
  },
  { name: 'truncate', kind: 'change', weight: 1, draw: () => ({ about: 'truncate', run: ({ rows }) => rows.truncate(), effect: truncated, forgets: true }) },
  {
    name: 'rename',
    kind: 'change',
    weight: 1,
    draw(dice, { collection }) {
      const name = `c${dice.fresh()}`;
      return { about: `rename ${collection.name} to ${name}`, run: ({ db }) => db.renameCollection(collection.name, name), effect: renamed(name) };
    },
  },
];

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

/** An index that another call replaced while it was waited for. */
function ignoreSuperseded(error: unknown): void {
  if (codeOf(error) !== 'ABORTED') throw error;
}

function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'NOT_FOUND') throw error;
}
