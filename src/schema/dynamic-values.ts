/**
 * Keys that no field has, as values of the dynamic field. They are put into JSON here, one by one, so that a refusal names the key;
 * the column is made of these texts.
 */
import { isColumn } from './plain-batch.ts';
import type { SchemaPlan } from './plan.ts';
import { NO_ROW, isRecord, refuse, show } from './refuse.ts';

/** The text of a row without keys of its own. */
const NO_KEYS = '{}';

/**
 * Rows or columns with a field `$meta` in the place of those that the schema does not know, and without one where there are none. What is
 * no row and no column is left to those who refuse it. INVALID_ARGUMENT for the keys `$meta` and `__proto__`, and for what JSON cannot hold.
 */
export function withMeta(plan: SchemaPlan, input: unknown): unknown {
  if (Array.isArray(input)) return rowsWithMeta(plan, input);
  return isRecord(input) && !(Symbol.iterator in input) ? columnsWithMeta(plan, input) : input;
}

function rowsWithMeta(plan: SchemaPlan, rows: readonly unknown[]): unknown[] {
  const texts = rows.map((row, at) => (isRecord(row) ? textOf(plan, row, at) : NO_KEYS));
  const { name: meta } = plan.dynamic!;
  const isMeant = texts.some((text) => text !== NO_KEYS);
  return Array.from(rows, (row, at) => {
    if (!isRecord(row)) return row;
    const known: Record<string, unknown> = {};
    for (const name of plan.byName.keys()) {
      // As of other rows: a field named `constructor` must not be found on a row that has none.
      const value = name in Object.prototype && !Object.hasOwn(row, name) ? undefined : row[name];
      if (value !== undefined) known[name] = value;
    }
    if (isMeant) known[meta] = texts[at];
    return known;
  });
}

function textOf(plan: SchemaPlan, row: Record<string, unknown>, at: number): string {
  let text = '';
  for (const key of Object.keys(row)) {
    if (isDynamicKey(plan, key, at) && row[key] !== undefined) text += `${text === '' ? '' : ','}${member(key, row[key], at)}`;
  }
  return `{${text}}`;
}

function columnsWithMeta(plan: SchemaPlan, columns: Record<string, unknown>): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  const dynamic: [string, ArrayLike<unknown>][] = [];
  for (const name of Object.keys(columns)) {
    const column = columns[name];
    if (!isDynamicKey(plan, name, NO_ROW)) known[name] = column;
    else if (column !== undefined) {
      if (!isColumn(column)) refuse(name, NO_ROW, 'an array or a typed array of values', show(column));
      dynamic.push([name, column]);
    }
  }
  if (dynamic.length === 0) return known;
  const [[first, { length }]] = dynamic;
  for (const [name, column] of dynamic) if (column.length !== length) refuse(name, NO_ROW, `${length} rows, as many as "${first}"`, String(column.length));
  known[plan.dynamic!.name] = Array.from({ length }, (_, row) => {
    const members = dynamic.flatMap(([name, column]) => (column[row] === undefined ? [] : [member(name, column[row], row)]));
    return `{${members.join(',')}}`;
  });
  return known;
}

/** False for the name of a field. */
function isDynamicKey({ byName, dynamic }: SchemaPlan, key: string, row: number): boolean {
  if (key === dynamic!.name || key === '__proto__') refuse(key, row, 'another key: this one has a meaning of its own', 'it');
  return !byName.has(key);
}

function member(key: string, value: unknown, row: number): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    refuse(key, row, 'a value that JSON can hold', cause instanceof Error ? cause.message.split('\n', 1)[0]! : show(value));
  }
  if (text === undefined || (text === 'null' && value !== null)) refuse(key, row, 'a value that JSON can hold', show(value));
  return `${JSON.stringify(key)}:${text}`;
}
