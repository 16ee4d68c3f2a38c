/** What differs between a stored schema and a given one. Apart from `define.ts`, because only a mismatch needs it. */
import { ElanusError } from '../util/error.ts';
import { show } from './refuse.ts';
import { COMPARED_OPTIONS, type Schema } from './types.ts';

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
    for (const option of COMPARED_OPTIONS) {
      if (field[option] !== other[option]) lines.push(`"${field.name}": ${option} ${show(field[option])} stored, ${show(other[option])} given`);
    }
  }
  const [isStored, isGiven] = [stored, given].map(({ fields }) => fields.some(({ isDynamic }) => isDynamic));
  if (isStored !== isGiven) lines.push(`dynamicField: ${isStored} stored, ${isGiven} given`);
  for (const name of givenByName.keys()) lines.push(`"${name}": given, not stored`);
  return lines;
}

/** SCHEMA_MISMATCH, with the differences, unless the two agree. */
export function checkSameSchema(collection: string, stored: Schema, given: Schema): void {
  const differences = schemaDifferences(stored, given);
  if (differences.length === 0) return;
  throw new ElanusError('SCHEMA_MISMATCH', `collection "${collection}" is stored with another schema: ${differences.join('; ')}`, {
    collection,
    differences,
  });
}
