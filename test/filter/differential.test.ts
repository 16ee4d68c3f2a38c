/**
 * Filters against a plain interpreter: random schemas, rows and expressions as text (`differential/`), compiled and evaluated over
 * columns, with what scalar indexes and zone maps know and without, and by walking the rows. `SEEDS` runs more, `FIRST_SEED` begins elsewhere; a failure names its seed and the smallest part
 * of the expression that went wrong.
 */
import { describe, expect, it } from 'vitest';
import { compileFilter } from '../../src/filter/compile.ts';
import { evaluate, fieldsOf } from '../../src/filter/evaluate.ts';
import type { Predicate } from '../../src/filter/predicate.ts';
import { prune } from '../../src/filter/prune.ts';
import { zoneOf } from '../../src/filter/zones.ts';
import type { Field } from '../../src/schema/types.ts';
import type { Truth } from './differential/cells.ts';
import { Draw } from './differential/draw.ts';
import { type Condition, Expressions } from './differential/expressions.ts';
import { indexesOver } from './differential/indexes.ts';
import { type Row, columnOf, jsonText, randomFields, randomValue } from './differential/rows.ts';

const SEEDS = Number(process.env.SEEDS ?? 60);
const FIRST = Number(process.env.FIRST_SEED ?? 1);
/** Expressions a seed. */
const EXPRESSIONS = 80;

describe('filters mean what a plain interpreter says', () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) it(`seed ${seed}`, () => run(seed));
});

function run(seed: number): void {
  const draw = new Draw(seed);
  const fields = randomFields(draw, { arrays: true, dynamic: true });
  const count = draw.pick([1, 5, 31, 64, 65, 150]);
  const rows: Row[] = Array.from({ length: count }, () => new Map(fields.map((field) => [field.name, randomValue(draw, field, false)])));
  const columns = new Map(fields.map((field) => [field.fieldId, columnOf(draw, field, rows.map((row) => row.get(field.name) ?? null))]));
  const expressions = new Expressions(draw, fields, rows);
  const known = draw.chance(0.6) ? indexesOver(draw, fields, rows, columns) : () => null;
  let decided = 0;

  const zones = new Map(fields.filter(() => draw.chance(0.8)).map((field) => [field.fieldId, zoneOf(columns.get(field.fieldId)!)]));

  /** What is left when the bounds of the columns were asked is true for the same rows. */
  const checkPruned = (predicate: Predicate, isTrue: Uint32Array): void => {
    const rest = prune(predicate, (field) => zones.get(field.fieldId) ?? null);
    const left = evaluate(rest, { rows: count, column: (field) => columns.get(field.fieldId)!, known: () => null });
    expect(left.isTrue).toEqual(isTrue);
  };

  const answers = (text: string, templates: Record<string, unknown>): Truth[] => {
    const { predicate, sample } = compileFilter(text, templates, { version: 1, fields });
    expect(sample).toBeNull();
    const asked = new Set(fieldsOf(predicate).map((field) => field.fieldId));
    const { isTrue, isUnknown } = evaluate(predicate, {
      rows: count,
      column: (field) => {
        if (!asked.has(field.fieldId)) throw new Error(`${field.name} is not among the fields that were announced`);
        return columns.get(field.fieldId)!;
      },
      known,
    });
    checkPruned(predicate, isTrue);
    const bit = (bits: Uint32Array | null, row: number): boolean => bits !== null && ((bits[row >>> 5] >>> (row & 31)) & 1) === 1;
    for (let row = count; row < isTrue.length * 32; row++) if (bit(isTrue, row) || bit(isUnknown, row)) throw new Error(`bit ${row} is set of ${count} rows`);
    return rows.map((_, row) => {
      if (bit(isTrue, row) && bit(isUnknown, row)) throw new Error(`row ${row} is true and unknown`);
      return bit(isTrue, row) ? true : bit(isUnknown, row) ? null : false;
    });
  };

  /** The first row of which something else is said. */
  const wrongRow = (condition: Condition, templates: Record<string, unknown>): { row: number; found: unknown } | null => {
    let found: Truth[];
    try {
      found = answers(condition.text, templates);
    } catch (error) {
      return { row: 0, found: error };
    }
    const row = rows.findIndex((each, i) => condition.truth(each) !== found[i]);
    return row < 0 ? null : { row, found: found[row] };
  };

  for (let i = 0; i < EXPRESSIONS; i++) {
    const condition = expressions.filter();
    const { templates } = expressions;
    const truths = rows.map((row) => condition.truth(row));
    if (truths.includes(true) && truths.includes(false)) decided++;
    let smallest = condition;
    let wrong = wrongRow(condition, templates);
    if (wrong === null) continue;
    for (let part: Condition | undefined = condition; part !== undefined; part = part.parts.find((inner) => wrongRow(inner, templates) !== null)) {
      smallest = part;
      wrong = wrongRow(part, templates)!;
    }
    throw new Error(describeFailure(seed, fields, rows[wrong.row], condition, smallest, templates, wrong.found), { cause: wrong.found });
  }
  // Filters that are the same for every row would test little.
  if (count > 60) expect(decided).toBeGreaterThan(EXPRESSIONS / 5);
}

function describeFailure(seed: number, fields: readonly Field[], row: Row, whole: Condition, part: Condition, templates: Record<string, unknown>, found: unknown): string {
  return [
    `seed ${seed}: ${part.text}`,
    `  expected ${part.truth(row)}, found ${found instanceof Error ? found.message : found}`,
    `  in ${whole.text}`,
    `  templates ${JSON.stringify(templates, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))}`,
    ...fields.map((field) => `  ${field.name} ${field.type} ${field.elementType ?? ''}: ${jsonText(row.get(field.name) ?? null)}`),
  ].join('\n');
}

it.each([
  // An integer that comes to 0 is not -0, whatever it was made of; a double may be.
  ['f / (i % 2) == 0.0', false],
  ['f / (i % 2) > 0.0', true],
  ['f / (0 * i) > 0.0', true],
  ['f / -z < 0.0', true],
  // Integers of JSON are exact where a double rounds them.
  ['j["a"] == 9007199254740992', false],
  ['j["a"] == 9007199254740993', true],
  ['j["a"] > 9007199254740992', true],
])('found before: %s is %j', (text, expected) => {
  const of = (fieldId: number, name: string, type: Field['type']): Field => ({ fieldId, name, type, primaryKey: false, autoId: false, nullable: false });
  const fields = [of(0, 'f', 'Double'), of(1, 'i', 'Int32'), of(2, 'z', 'Double'), of(3, 'j', 'JSON')];
  const values = [1.5, -4n, 0, { a: 9007199254740993n }];
  const columns = fields.map((field, i) => columnOf(new Draw(1), field, [values[i]]));
  const { predicate } = compileFilter(text, undefined, { version: 1, fields });
  expect(evaluate(predicate, { rows: 1, column: ({ fieldId }) => columns[fieldId], known: () => null }).isTrue[0]).toBe(Number(expected));
});
