/** A field more for a live collection: rows that are there have its default, or NULL. Nothing is rewritten. */
import { MAX_FIELDS } from '../schema/limits.ts';
import type { Field } from '../schema/types.ts';
import type { CollectionEntry, ScalarIndexEntry } from '../storage/manifest/manifest.ts';
import { ElanusError } from '../util/error.ts';
import { withEntry } from './catalog.ts';
import type { CollectionState } from './collection.ts';
import { scalarIndexesOf } from './scalar-indexing.ts';

/** ALREADY_EXISTS for a name that is taken, INVALID_ARGUMENT beyond 64 fields, among which the dynamic one does not count. */
export async function addField(state: CollectionState, field: Omit<Field, 'fieldId'>): Promise<void> {
  const { catalog, clock, onDemand } = state.parts;
  const asked = await scalarIndexesOf([{ ...field, fieldId: 0 }], onDemand);
  await catalog.commit(clock, (manifest) => withEntry(manifest, state.collectionId, (entry) => withField(entry, field, asked)));
}

function withField(entry: CollectionEntry, added: Omit<Field, 'fieldId'>, asked: readonly ScalarIndexEntry[]): CollectionEntry {
  const { fields, version } = entry.schema;
  const { name } = added;
  if (fields.some((field) => field.name === name)) throw new ElanusError('ALREADY_EXISTS', `collection "${entry.name}" has a field "${name}" already`, { collection: entry.name, field: name });
  if (!added.isDynamic && fields.filter((field) => !field.isDynamic).length >= MAX_FIELDS) throw new ElanusError('INVALID_ARGUMENT', `"${name}" expected a schema of at most ${MAX_FIELDS} fields, got one more`, { collection: entry.name, field: name });
  // Fields are never dropped, so the numbers have no gaps.
  const field: Field = { ...added, fieldId: fields.length, addedIn: version + 1 };
  const scalarIndexes = [...(entry.scalarIndexes ?? []), ...asked.map((index) => ({ ...index, fieldId: field.fieldId }))];
  if (entry.scalarIndexes?.some((index) => index.name === name)) throw new ElanusError('ALREADY_EXISTS', `collection "${entry.name}" has an index "${name}" already`, { collection: entry.name, index: name });
  return { ...entry, ...(scalarIndexes.length > 0 ? { scalarIndexes } : {}), schema: { ...entry.schema, version: version + 1, fields: [...fields, field] } };
}
