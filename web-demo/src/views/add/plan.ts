/** The schema of a collection and what the page keeps of it, made of a mapping and of what was counted. */
import type { inferSchema, Table } from 'elanus/io';
import type { Description, EmbedderInfo } from '../../collections/own/description.ts';
import type { FieldInfo } from '../../collections/dataset.ts';
import { isNumber, isTags, isText } from './column.ts';
import { CATEGORIES_MAX, takenColumns } from './mapping.ts';
import type { Mapping } from './mapping.ts';
import type { Tally } from './tally.ts';

/** Characters of an integer of 64 bits. */
const INTEGER_LENGTH = 20;
const FEW_VALUES = 20;
/** A text that is shorter is a fact of a row among others. */
const LONG_TEXT = 60;

/** What of a description follows from the columns. */
export type Plan = Pick<Description, 'schema' | 'columns' | 'asText' | 'key' | 'keyType' | 'vector' | 'embedded' | 'fields' | 'label' | 'texts' | 'facts'>;

/** @param dim of the vectors that are made of text */
export function planOf(infer: typeof inferSchema, table: Pick<Table, 'columns'>, tallies: ReadonlyMap<string, Tally>, mapping: Mapping, embedder: EmbedderInfo, dim: number): Plan {
  const { key, from, vector, metric, embedded, label, filters } = mapping;
  const taken = takenColumns(mapping);
  const columnOf = (name: string) => table.columns.find((column) => column.name === name)!;
  const isWide = (name: string): boolean => columnOf(name).type === 'Int64' && tallies.get(name)?.isSafe === false;
  // Keys that no number of JavaScript holds.
  const asText = key !== null && isWide(key) ? [key] : [];

  const types = new Map<string, unknown>();
  for (const name of taken) {
    const { type } = columnOf(name);
    if (asText.includes(name)) types.set(name, { type: 'VarChar', maxLength: INTEGER_LENGTH });
    else if (type === 'Int64' && !isWide(name)) types.set(name, { type: 'Int64', as: 'number' });
  }
  const inferred = infer(table as Table, {
    primaryKey: key,
    columns: taken,
    // Without a prototype: a column may be named as one of its properties.
    types: Object.assign(Object.create(null), Object.fromEntries(types)) as never,
    ...(from === 'text' ? { embedder: { id: embedder.kind === 'file' ? '' : embedder.id, input: embedded[0], dim } } : {}),
  });
  const fieldOf = new Map(Object.entries(inferred.fields).map(([field, column]) => [column, field]));
  const { primaryKey } = inferred;
  const schema = structuredClone(inferred.input) as unknown as { fields: Record<string, { type: string; as?: string; dim?: number }> };
  if (key === null) schema.fields[primaryKey].as = 'number';
  const vectorField = from === 'column' ? fieldOf.get(vector!)! : inferred.vectors[0];

  const infos = filters.filter((name) => name !== key && !isWide(name)).map((name): FieldInfo => ({ name: fieldOf.get(name)!, title: name, kind: kindOf(columnOf(name), tallies.get(name)) }));
  const shown = taken.filter((name) => name !== key && name !== label && name !== (from === 'column' ? vector : null) && !columnOf(name).type.endsWith('Vector'));
  const long = shown.filter((name) => isText(columnOf(name)) && (tallies.get(name)?.characters ?? 0) > LONG_TEXT * (tallies.get(name)?.filled ?? 0));
  const charactersOf = (name: string): number => tallies.get(name)?.characters ?? 0;
  // Of short ones the longest that is searched by.
  const texts = long.length > 0 || from !== 'text' ? long : shown.filter((name) => embedded.includes(name)).sort((a, b) => charactersOf(b) - charactersOf(a)).slice(0, 1);
  return {
    schema,
    columns: [...fieldOf].map(([column, field]) => [field, column] as const),
    key: primaryKey,
    keyType: schema.fields[primaryKey].type === 'Int64' ? 'number' : 'string',
    vector: { field: vectorField, dim: schema.fields[vectorField].dim!, metric: from === 'column' ? metric : 'COSINE' },
    embedded: from === 'text' ? embedded : [],
    fields: infos,
    ...(label === null ? {} : { label: fieldOf.get(label)! }),
    texts: texts.map((name) => fieldOf.get(name)!),
    facts: shown.filter((name) => !texts.includes(name)).map((name) => [fieldOf.get(name)!, name] as const),
    asText,
  };

  function kindOf(column: Table['columns'][number], tally: Tally | undefined): FieldInfo['kind'] {
    if (column.type === 'Bool') return 'flag';
    if (isNumber(column)) return 'number';
    if (isTags(column)) return 'tags';
    const distinct = tally?.distinct ?? null;
    const filled = tally?.filled ?? 0;
    // Of few values one may pick even where each comes once.
    return distinct !== null && distinct <= CATEGORIES_MAX && distinct <= Math.max(FEW_VALUES, filled / 2) ? 'category' : 'text';
  }
}
