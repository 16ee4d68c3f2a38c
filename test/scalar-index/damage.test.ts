import { expect, test } from 'vitest';
import { truthWords, type Leaf } from '../../src/filter/predicate.ts';
import { buildScalarIndex, openScalarIndex } from '../../src/scalar-index/build.ts';
import type { Target } from '../../src/scalar-index/index.ts';
import { completeScalarSpec, targetOf } from '../../src/scalar-index/registry.ts';
import { isElanusError } from '../../src/util/error.ts';
import { random } from '../support/random.ts';
import { below, makeField, pick, randomColumn, randomLeaf, type Made } from './cases.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 1);
const FIRST = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

interface Case {
  readonly made: Made;
  readonly target: Target;
  readonly sections: Map<string, Uint8Array>;
}

function build(made: Made, type: string, params: Record<string, unknown>): Case {
  const { spec, path } = completeScalarSpec(made.field, { type, params });
  const target = targetOf(made.field, path, spec);
  const steps = buildScalarIndex(made.column, target, spec);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return { made, target, sections: new Map(step.value.sections.map(({ name, bytes }) => [name, bytes.slice()])) };
}

function* cases(seed: number): Generator<Case> {
  const next = random(seed);
  const text = () => randomColumn(next, makeField(1, 'f', 'VarChar'), 300, 40);
  yield build(text(), pick(next, ['INVERTED', 'STL_SORT', 'BITMAP']), {});
  yield build(text(), 'NGRAM', { min_gram: 2, max_gram: 3 });
  yield build(randomColumn(next, makeField(1, 'f', pick(next, ['Int8', 'Int32', 'Int64'] as const)), 300, 40), pick(next, ['INVERTED', 'STL_SORT', 'BITMAP']), {});
  yield build(randomColumn(next, makeField(1, 'f', 'Double'), 300, 40), 'STL_SORT', {});
  yield build(randomColumn(next, makeField(1, 'f', 'JSON'), 300, 40), 'INVERTED', { json_path: 'f["a"]', json_cast_type: 'varchar' });
}

/** Opens and asks; what is answered is within bounds, what is refused is CORRUPT. */
function survives({ made, target, sections }: Case, seed: number, about: string): boolean {
  const rows = made.column.length;
  try {
    const index = openScalarIndex(sections, target, rows);
    const next = random(seed);
    for (let i = 0; i < 20; i++) {
      const leaf: Leaf = randomLeaf(next, made.field, target.path, 40);
      if (index.answers(leaf) === 'none') continue;
      const { isTrue } = index.lookup(leaf);
      expect(isTrue.length, about).toBe(truthWords(rows));
      for (let row = rows; row < 32 * isTrue.length; row++) expect((isTrue[row >>> 5]! >>> (row & 31)) & 1, `${about}, row ${row}`).toBe(0);
      index.estimate(leaf);
    }
    return true;
  } catch (error) {
    if (!isElanusError(error) || (error.code !== 'CORRUPT' && error.code !== 'FORMAT_UNSUPPORTED')) throw error;
    return false;
  }
}

test('sections that were changed, cut, or left out are CORRUPT or answer within bounds', () => {
  let refused = 0;
  for (let seed = FIRST; seed < FIRST + 4 * SEEDS; seed++) {
    const next = random(seed);
    for (const whole of cases(seed)) {
      expect(survives(whole, seed, `SEED=${seed}`)).toBe(true);
      for (let i = 0; i < 60; i++) {
        const sections = new Map(whole.sections);
        const name = pick(next, [...sections.keys()]);
        const bytes = sections.get(name)!.slice();
        const how = below(next, 4);
        if (how === 0) sections.delete(name);
        else if (how === 1) sections.set(name, bytes.slice(0, below(next, bytes.length + 1)));
        else if (how === 2) sections.set(name, new Uint8Array([...bytes, 0, 0, 0, 0]));
        else if (bytes.length > 0) {
          bytes[below(next, bytes.length)] = pick(next, [0, 0xff, 0x80, below(next, 256)]);
          sections.set(name, bytes);
        }
        if (!survives({ ...whole, sections }, seed, `SEED=${seed} ${name} ${how}`)) refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(100);
});

test('an index of another column is CORRUPT', () => {
  const [first] = cases(1);
  expect(() => openScalarIndex(first!.sections, first!.target, first!.made.column.length + 1)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
  expect(() => openScalarIndex(first!.sections, { ...first!.target, path: ['a'], cast: 'varchar' }, first!.made.column.length)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
}, 30_000 * SEEDS);

test('sections at any place in memory are read', () => {
  for (const whole of cases(3)) {
    const sections = new Map(Array.from(whole.sections, ([name, bytes]) => {
      const shifted = new Uint8Array(bytes.length + 1);
      shifted.set(bytes, 1);
      return [name, shifted.subarray(1)];
    }));
    expect(survives({ ...whole, sections }, 3, 'shifted')).toBe(true);
  }
});
