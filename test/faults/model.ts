/**
 * What a database should hold, as plain data that never changes: every effect answers another world. Rows keep their history, so that
 * it can be asked what was visible at any time.
 */
export interface Version {
  readonly key: bigint;
  /** Of the batch that wrote it. */
  readonly tag: string;
  readonly vector: Float32Array;
  /** Of the fields that were added; null where they are not named. */
  readonly extra: Readonly<Record<string, number>>;
  readonly partition: string;
  readonly insertedAt: bigint;
  /** null: it is live. */
  readonly deletedAt: bigint | null;
}

export interface CollectionModel {
  readonly name: string;
  readonly partitions: readonly string[];
  /** Nullable fields that were added to the live collection. */
  readonly fields: readonly string[];
  /** By key, oldest first. */
  readonly rows: ReadonlyMap<bigint, readonly Version[]>;
}

export interface World {
  readonly collection: CollectionModel;
}

/** `timestamp`: what the write was answered; for a write that failed, one after all that is known. */
export type Effect = (world: World, timestamp: bigint) => World;

export const DEFAULT_PARTITION = '_default';

export const emptyWorld = (name: string): World => ({ collection: { name, partitions: [DEFAULT_PARTITION], fields: [], rows: new Map() } });

const change = (of: (collection: CollectionModel, timestamp: bigint) => Partial<CollectionModel>): Effect => (world, timestamp) => ({ collection: { ...world.collection, ...of(world.collection, timestamp) } });

/** The live version ends. */
const ended = (versions: readonly Version[], timestamp: bigint): Version[] => versions.map((version) => (version.deletedAt === null ? { ...version, deletedAt: timestamp } : version));

export const liveOf = (versions: readonly Version[] | undefined): Version | undefined => versions?.find((version) => version.deletedAt === null);

export type NewRow = Pick<Version, 'key' | 'tag' | 'vector' | 'extra'>;

export const inserted = (rows: readonly NewRow[], partition: string): Effect =>
  change((collection, timestamp) => {
    const changed = new Map(collection.rows);
    for (const row of rows) changed.set(row.key, [...ended(changed.get(row.key) ?? [], timestamp), { ...row, partition, insertedAt: timestamp, deletedAt: null }]);
    return { rows: changed };
  });

/** Rows that `seen` has get another tag, and are what and where they are there otherwise. */
export function tagged(seen: World, keys: readonly bigint[], tag: string): Effect {
  const rows = keys.flatMap((key) => liveOf(seen.collection.rows.get(key)) ?? []);
  return (world, timestamp) => rows.reduce((state, row) => inserted([{ ...row, tag }], row.partition)(state, timestamp), world);
}

/** `partition`: only of keys that live in there. */
export const deleted = (keys: readonly bigint[], partition?: string): Effect =>
  change((collection, timestamp) => {
    const changed = new Map(collection.rows);
    for (const key of keys) {
      const live = liveOf(changed.get(key));
      if (live && (partition === undefined || live.partition === partition)) changed.set(key, ended(changed.get(key)!, timestamp));
    }
    return { rows: changed };
  });

/** From all times. */
export const purged = (keys: readonly bigint[]): Effect =>
  change((collection) => {
    const changed = new Map(collection.rows);
    for (const key of keys) changed.delete(key);
    return { rows: changed };
  });

export const truncated: Effect = change(() => ({ rows: new Map() }));

export const withPartition = (name: string): Effect => change(({ partitions }) => ({ partitions: [...partitions, name] }));

/** With its rows, and all that they were. */
export const withoutPartition = (name: string): Effect =>
  change(({ partitions, rows }) => ({
    partitions: partitions.filter((known) => known !== name),
    rows: new Map([...rows].map(([key, versions]) => [key, versions.filter((version) => version.partition !== name)])),
  }));

export const withField = (name: string): Effect => change(({ fields }) => ({ fields: [...fields, name] }));

export const renamed = (name: string): Effect => change(() => ({ name }));

export interface Asked {
  /** Absent: now. */
  readonly at?: bigint;
  /** Absent: all. */
  readonly partitions?: readonly string[];
}

/** What a read sees, by key. */
export function visible({ collection }: World, { at, partitions }: Asked = {}): Map<bigint, Version> {
  const seen = new Map<bigint, Version>();
  for (const [key, versions] of collection.rows) {
    const version = at === undefined ? liveOf(versions) : versions.find(({ insertedAt, deletedAt }) => insertedAt <= at && (deletedAt === null || at < deletedAt));
    if (version && (!partitions || partitions.includes(version.partition))) seen.set(key, version);
  }
  return seen;
}
