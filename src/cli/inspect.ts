/** `elanus inspect`: what a database holds. */
import { inspectDatabase, inspectForeign, type CollectionInventory, type ForeignInventory, type Inventory } from '../check/inspect.ts';
import type { Field } from '../schema/types.ts';
import { isElanusError } from '../util/error.ts';
import type { Environment } from './environment.ts';
import { EXIT } from './exit-codes.ts';
import { bytes, grouped, plural, table } from './format.ts';
import { databaseUrl } from './url.ts';

export async function inspect(database: string, options: { readonly json?: boolean }, environment: Environment): Promise<number> {
  const store = await environment.openStore(databaseUrl(database), { readOnly: true });
  try {
    const inventory = await inspectDatabase(store);
    if (options.json) environment.print(JSON.stringify(inventory, null, 2));
    else for (const line of describe(inventory)) environment.print(line);
    return EXIT.ok;
  } catch (error) {
    if (!isElanusError(error) || error.code !== 'FORMAT_UNSUPPORTED') throw error;
    const files = await inspectForeign(store);
    if (options.json) environment.print(JSON.stringify({ error: { code: error.code, message: error.message, detail: error.detail }, ...files }, null, 2));
    else for (const line of describeForeign(files)) environment.print(line);
    throw error;
  } finally {
    await store.close();
  }
}

function* describe(inventory: Inventory): Iterable<string> {
  const { manifest, totals } = inventory;
  yield inventory.store;
  yield `manifest ${manifest.version} of format ${manifest.formatVersion}, epoch ${manifest.epoch}, ${bytes(manifest.bytes)}${manifest.lastTime ? `, last commit at ${manifest.lastTime}` : ''}`;
  if (inventory.databases.length > 1) yield `databases: ${inventory.databases.map(({ name, collections }) => `${name} (${plural(collections, 'collection')})`).join(', ')}`;
  for (const collection of inventory.collections) {
    yield '';
    yield* describeCollection(collection, inventory);
  }
  if (inventory.snapshots.length > 0) {
    yield '';
    yield* table([['snapshot', 'of', 'at', 'segments', 'rows', 'own bytes'], ...inventory.snapshots.map((snapshot) => [snapshot.name, named(snapshot.database, snapshot.collection), snapshot.time, grouped(snapshot.segments), grouped(snapshot.rows), bytes(snapshot.ownBytes)])]);
  }
  if (inventory.garbage.length > 0) {
    yield '';
    yield `${plural(inventory.garbage.length, 'file')} that nothing names, ${bytes(inventory.garbage.reduce((sum, file) => sum + file.bytes, 0))}: ${inventory.garbage.map(({ name }) => name).join(', ')}`;
  }
  yield '';
  yield `${plural(totals.collections, 'collection')}, ${plural(totals.segments, 'segment')} with ${plural(totals.rows, 'row')} (${grouped(totals.deletedRows)} deleted), ${plural(totals.files, 'file')} of ${bytes(totals.fileBytes)}, ${plural(totals.logs, 'log')} of ${bytes(totals.logBytes)}`;
}

const named = (database: string, name: string): string => (database === 'default' ? name : `${database}/${name}`);

function* describeCollection(collection: CollectionInventory, { aliases }: Inventory): Iterable<string> {
  const { segments, logs, partitions } = collection;
  yield `collection ${named(collection.database, collection.name)}: ${plural(collection.rows - collection.deletedRows, 'sealed row')} that live, ${bytes(collection.fileBytes)}, made at ${collection.created}`;
  const known = aliases.filter((alias) => alias.collection === collection.name && alias.database === collection.database);
  if (known.length > 0) yield `  aliases: ${known.map(({ name }) => name).join(', ')}`;
  if (collection.schema.description) yield `  ${collection.schema.description}`;
  for (const [name, value] of Object.entries(collection.properties)) yield `  ${name}: ${String(value)}`;
  yield* table([['field', 'type', ''], ...collection.schema.fields.map((field) => [field.name, typeOf(field), indexOf(collection, field)])], '  ');
  if (partitions.length > 1) yield* table([['partition', 'segments', 'rows'], ...partitions.map(({ name, segments: count, rows }) => [name, grouped(count), grouped(rows)])], '  ');
  if (segments.length > 0) {
    yield* table([
      ['segment', 'partition', 'rows', 'deleted', 'bytes', 'inserted from', 'to', 'indexes'],
      ...segments.map((segment) => [
        segment.file,
        partitions.find(({ partitionId }) => partitionId === segment.partitionId)?.name ?? String(segment.partitionId),
        grouped(segment.rows),
        grouped(segment.deletedRows),
        bytes(segment.bytes),
        segment.minTime,
        segment.maxTime,
        [...segment.indexes.map((index) => ({ ...index, name: index.field })), ...segment.scalarIndexes].map(({ name, type, bytes: size }) => `${name} ${type} (${bytes(size)})`).join(', '),
      ]),
    ], '  ');
  }
  if (logs.length > 0) {
    yield* table([['log', 'records', 'bytes', ''], ...logs.map(({ name, records, bytes: size, isEnded }) => [name, records === null ? 'damaged' : grouped(records), bytes(size), records === null ? '' : isEnded ? 'ended' : 'open'])], '  ');
  }
}

function typeOf(field: Field): string {
  const size = field.dim ?? field.maxCapacity ?? field.maxLength;
  return [`${field.type}${field.elementType ? ` of ${field.elementType}` : ''}${size === undefined ? '' : `(${size})`}`, field.primaryKey ? 'primary key' : '', field.autoId ? 'auto id' : '', field.nullable ? 'nullable' : ''].filter(Boolean).join(', ');
}

function indexOf({ indexes, scalarIndexes }: CollectionInventory, { fieldId }: Field): string {
  const spec = indexes[fieldId];
  if (spec) return `${spec.type} ${spec.metric} ${JSON.stringify(spec.params)}`;
  return scalarIndexes.filter((index) => index.fieldId === fieldId).map((index) => `${index.spec.type} ${JSON.stringify(index.spec.params)}`).join(', ');
}

function* describeForeign({ store, files }: ForeignInventory): Iterable<string> {
  yield store;
  yield* table([['file', 'kind', 'format', 'bytes'], ...files.map(({ name, kind, formatVersion, bytes: size }) => [name, kind ?? 'unknown', formatVersion === null ? '' : String(formatVersion), bytes(size)])]);
}
