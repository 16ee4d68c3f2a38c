/** Scalar indexes over columns of random rows, asked for what they know of a filter's leaves. */
import { expect } from 'vitest';
import { evaluate } from '../../../src/filter/evaluate.ts';
import type { Leaf, Truth } from '../../../src/filter/predicate.ts';
import { buildScalarIndex, openScalarIndex } from '../../../src/scalar-index/build.ts';
import type { ScalarIndex } from '../../../src/scalar-index/index.ts';
import { formatJsonPath } from '../../../src/scalar-index/json-path.ts';
import { mayAnswer } from '../../../src/scalar-index/may-answer.ts';
import { completeScalarSpec, targetOf } from '../../../src/scalar-index/registry.ts';
import type { Column } from '../../../src/schema/column.ts';
import type { Field } from '../../../src/schema/types.ts';
import type { Json } from './cells.ts';
import type { Draw } from './draw.ts';
import type { Row } from './rows.ts';

const CASTS = ['bool', 'double', 'varchar', 'array_bool', 'array_double', 'array_varchar'];
const TYPES = ['INVERTED', 'BITMAP', 'STL_SORT', 'Trie', 'NGRAM', 'AUTOINDEX'];

/** What a user asks for: a type that is for the field. */
export function randomIndex(draw: Draw, field: Field, rows: readonly Row[]): { type: string; params: Record<string, unknown> } {
  const isPath = field.type === 'JSON';
  const cast = isPath ? draw.pick(CASTS) : '';
  const over = isPath ? cast : field.type === 'Array' ? `array_${field.elementType}` : field.type;
  const types = TYPES.filter((type) => {
    if (type === 'BITMAP') return !/double|float/i.test(over) && !field.primaryKey;
    if (type === 'STL_SORT') return !/^array|bool/i.test(over);
    if (type === 'AUTOINDEX') return !isPath || !over.startsWith('array');
    return type === 'INVERTED' || /^varchar$/i.test(over);
  });
  const type = draw.pick(types);
  const params: Record<string, unknown> = {};
  if (isPath) Object.assign(params, { json_path: formatJsonPath(field.name, randomPath(draw, field, rows)), json_cast_type: cast });
  if (type === 'NGRAM') {
    params['min_gram'] = 1 + draw.below(3);
    params['max_gram'] = (params['min_gram'] as number) + draw.below(2);
  }
  return { type, params };
}

/** A place that some row has something at, mostly. */
function randomPath(draw: Draw, field: Field, rows: readonly Row[]): (string | number)[] {
  const path: (string | number)[] = [];
  let value: Json = draw.pick(rows).get(field.name) ?? null;
  for (let i = 1 + draw.below(2); i > 0; i--) {
    const keys = typeof value !== 'object' || value === null ? ['a'] : Array.isArray(value) ? [...value.keys()] : Object.keys(value);
    const step: string | number = keys.length === 0 || (path.length === 0 && field.isDynamic && typeof keys[0] === 'number') ? 'a' : draw.pick<string | number>(keys);
    path.push(step);
    value = typeof value === 'object' && value !== null ? ((value as Record<string | number, Json>)[step] ?? null) : null;
  }
  return path;
}

/** Indexes over some columns: answers what they know of a leaf. */
export function indexesOver(draw: Draw, fields: readonly Field[], rows: readonly Row[], columns: ReadonlyMap<number, Column>): (leaf: Leaf) => Truth | null {
  const indexes = draw.some(0, 6, () => {
    const field = draw.pick(fields);
    const asked = randomIndex(draw, field, rows);
    const { spec, path } = completeScalarSpec(field, asked);
    const target = targetOf(field, path, spec);
    const steps = buildScalarIndex(columns.get(field.fieldId)!, target, spec);
    let step = steps.next();
    while (!step.done) step = steps.next();
    const index = openScalarIndex(new Map(step.value.sections.map(({ name, bytes }) => [name, bytes])), target, rows.length);
    return { index, spec, target };
  });
  const column = (field: Field): Column => columns.get(field.fieldId)!;
  return (leaf) => {
    for (const { index, spec, target } of indexes) {
      const answer = index.answers(leaf);
      if (answer === 'none') continue;
      if (!mayAnswer(spec, target, leaf)) throw new Error(`${spec.type} of ${target.field.name} answers what it was said not to: ${leaf.kind}`);
      checkNumbers(index, leaf, rows.length);
      if (answer === 'exact') return index.lookup(leaf);
      const candidates = index.lookup(leaf).isTrue;
      const { isTrue } = evaluate(leaf, { rows: rows.length, column, known: () => null });
      isTrue.forEach((word, i) => {
        if ((word & ~candidates[i]) !== 0) throw new Error(`${spec.type} of ${target.field.name} leaves out rows of words ${i} that match`);
      });
    }
    return null;
  };
}

function checkNumbers(index: ScalarIndex, leaf: Leaf, rows: number): void {
  const estimate = index.estimate(leaf);
  expect(estimate).toBeGreaterThanOrEqual(0);
  expect(estimate).toBeLessThanOrEqual(rows);
  expect(index.work(leaf)).toBeGreaterThanOrEqual(0);
}
