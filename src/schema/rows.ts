/** Row objects to an array of values per field. The values are checked later, column by column (`values.ts`). */
import type { SchemaPlan } from './plan.ts';
import { refuse, show } from './refuse.ts';
import type { Field } from './types.ts';

/**
 * Values of each of the fields, in their order. INVALID_ARGUMENT for a row that is no object, an unknown field, a missing one.
 * `isWhole`: rows are to have all fields of the schema, of which some may be missing; else they have these and no others.
 */
export function gatherRows(plan: SchemaPlan, fields: readonly Field[], rows: readonly unknown[], isWhole: boolean): unknown[][] {
  const n = rows.length;
  for (let row = 0; row < n; row++) checkRow(plan, fields, rows[row], row);
  return fields.map((field) => gatherField(field, rows as readonly Record<string, unknown>[], isWhole));
}

function checkRow(plan: SchemaPlan, fields: readonly Field[], row: unknown, at: number): void {
  if (typeof row !== 'object' || row === null || Array.isArray(row) || ArrayBuffer.isView(row)) {
    refuse('rows', at, 'an object of values by field', row === undefined ? 'a hole or undefined' : show(row));
  }
  for (const name in row) {
    const field = plan.byName.get(name);
    if (field === undefined) {
      if (!Object.hasOwn(row, name)) continue;
      refuse(name, at, `a field of the schema (${[...plan.byName.keys()].join(', ')})`, 'an unknown one');
    }
    if (fields.length < plan.schema.fields.length && !fields.includes(field) && (row as Record<string, unknown>)[name] !== undefined) {
      if (field === plan.key) refuseAutoId(name, at);
      refuse(name, at, `the fields of row 0 (${fields.map((given) => given.name).join(', ')}) in every row of a partial upsert`, 'another one');
    }
  }
}

/** An auto id is the database's to give. */
export function refuseAutoId(name: string, row: number): never {
  refuse(name, row, 'nothing (the database counts this key itself: autoId)', 'a value');
}

/** True for a field that a row need not have: it has a default, or NULL stands for it. */
export const mayBeMissing = (field: Pick<Field, 'nullable' | 'defaultValue'>): boolean => field.nullable || field.defaultValue !== undefined;

/** The same of a row that is about to be written: what an embedder makes is not there yet. */
export const mayBeLeftOut = (field: Field): boolean => mayBeMissing(field) || field.embedder !== undefined;

function gatherField(field: Field, rows: readonly Record<string, unknown>[], isWhole: boolean): unknown[] {
  const { name } = field;
  const n = rows.length;
  const values = new Array<unknown>(n);
  // A field named `constructor` must not be found on a row that has none.
  const inherited = name in Object.prototype;
  for (let row = 0; row < n; row++) {
    const value = inherited && !Object.hasOwn(rows[row], name) ? undefined : rows[row][name];
    if (value === undefined && !(isWhole ? mayBeLeftOut(field) : field.embedder)) refuse(name, row, 'a value', 'nothing');
    values[row] = value;
  }
  return values;
}
