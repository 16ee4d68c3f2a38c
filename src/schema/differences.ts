/** What differs between a stored schema and a given one. Apart from `define.ts`, because only a mismatch needs it. */
import { ElanusError } from '../util/error.ts';
import { show } from './refuse.ts';
import { COMPARED_OPTIONS, type Field, type Schema } from './types.ts';

/** How a stored schema differs from a given one, a line per difference; empty when rows of one fit the other. Indexes and versions are not compared. */
export function schemaDifferences(stored: Schema, given: Schema): string[] {
  const lines: string[] = [];
  const givenByName = new Map(given.fields.filter((field) => !field.isDynamic).map((field) => [field.name, field]));
  for (const field of stored.fields.filter((known) => !known.isDynamic)) {
    const other = givenByName.get(field.name);
    givenByName.delete(field.name);
    if (other === undefined) {
      lines.push(`"${field.name}": stored, not given`);
      continue;
    }
    const isOther = isOtherModel(field, other);
    if (isOther) lines.push(`"${field.name}": ${modelOf(field)} stored, ${modelOf(other)} given`);
    for (const option of COMPARED_OPTIONS) {
      if (option === 'embedder' || (isOther && option === 'dim')) continue;
      if (field[option] !== other[option]) lines.push(`"${field.name}": ${option} ${show(field[option])} stored, ${show(other[option])} given`);
    }
  }
  const [isStored, isGiven] = [stored, given].map(({ fields }) => fields.some(({ isDynamic }) => isDynamic));
  if (isStored !== isGiven) lines.push(`dynamicField: ${isStored} stored, ${isGiven} given`);
  for (const name of givenByName.keys()) lines.push(`"${name}": given, not stored`);
  return lines;
}

/** One of two fields has vectors of an embedder, and the other has not those. */
const isOtherModel = (a: Field, b: Field): boolean => (a.embedder ?? b.embedder) !== undefined && modelOf(a) !== modelOf(b);

const modelOf = ({ dim, embedder }: Field): string => (embedder ? `vectors of dim ${dim} that the embedder ${show(embedder.id)} makes of "${embedder.input}"` : `vectors of dim ${dim} without an embedder`);

/** SCHEMA_MISMATCH, with the differences, unless the two agree. */
export function checkSameSchema(collection: string, stored: Schema, given: Schema): void {
  const differences = schemaDifferences(stored, given);
  if (differences.length === 0) return;
  const isModel = stored.fields.some((field) => given.fields.some((other) => other.name === field.name && isOtherModel(field, other)));
  const advice = isModel ? '; vectors of two models cannot be compared: collection.reembed({ embedder, dim }) moves the rows to another model' : '';
  throw new ElanusError('SCHEMA_MISMATCH', `collection "${collection}" is stored with another schema: ${differences.join('; ')}${advice}`, {
    collection,
    differences,
  });
}
