/** Types of filters that are built. Compiled, never run: what should not compile is marked as an error. */
import type { Database } from '../../src/api/database.ts';
import { type Condition, type FilterOptions, type SampledCondition, filterOf } from '../../src/filter.ts';
import { defineSchema } from '../../src/schema/define.ts';
import type { AnySchema } from '../../src/schema/infer.ts';
import { type Equal, expectType } from './expect.ts';

const schema = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    flag: { type: 'Bool' },
    small: { type: 'Int8' },
    count: { type: 'Int64', as: 'number' },
    serial: { type: 'Int64', as: 'string' },
    price: { type: 'Double', nullable: true },
    title: { type: 'VarChar', maxLength: 512 },
    meta: { type: 'JSON' },
    v: { type: 'FloatVector', dim: 4 },
  },
});
const f = filterOf(schema);

expectType<Equal<ReturnType<ReturnType<typeof f<'price'>>['lt']>, Condition>>(true);
const cheap: Condition = f('price').lt(10);
export const options: FilterOptions = f.and(cheap, f('title').startsWith('k'), f('price').isNotNull()).toOptions();
export const sampled: SampledCondition = f.or(cheap, f.not(cheap)).sample(0.5);

export const fine: Condition[] = [
  f('id').eq(1n),
  f('id').in([1, 2n]),
  f('serial').eq('12'),
  f('serial').gt(12),
  f('small').between(1, 3),
  f('flag').eq(true),
  f('flag').in([true, false]),
  f('title').le('x'),
  f('title').eq(f('title')),
  f('small').lt(f('price')),
  f('small').plus(1).times(f('id')).modulo(3).eq(1),
  f('price').dividedBy(2).ge(1),
  f('meta').at('a', 0).eq('x'),
  f('meta').at('a').at(0).in([1, 'x', true]),
  f('meta').at('a').exists(),
  f('meta').at('a').between(1, 2n),
  f('meta').at('a').between('a', 'b'),
  f('meta').at('a').contains(1),
  f('meta').at('a').length().gt(1),
  f('meta').at('a').times(2).gt(3),
  f.and(),
  f.and(undefined, cheap, false),
];

// @ts-expect-error an unknown field
f('colour');
// @ts-expect-error vectors are not filtered on
f('v');
// @ts-expect-error a number is no text
f('title').eq(1);
// @ts-expect-error a text is no number
f('price').lt('10');
// @ts-expect-error a text only where the field is read as one
f('id').eq('1');
// @ts-expect-error a Double is compared with numbers
f('price').eq(1n);
// @ts-expect-error one value is no list
f('small').in(1);
// @ts-expect-error a list of another type
f('title').in(['a', 1]);
// @ts-expect-error a Bool has no order
f('flag').lt(true);
// @ts-expect-error a number has no patterns
f('price').like('1%');
// @ts-expect-error a text is not calculated with
f('title').plus(1);
// @ts-expect-error a Double has no remainder
f('price').modulo(2);
// @ts-expect-error fields of two kinds
f('title').eq(f('price'));
// @ts-expect-error a number is no array
f('small').contains(1);
// @ts-expect-error bounds of two kinds
f('meta').at('a').between(1, 'b');
// @ts-expect-error JSON is compared with constants
f('meta').at('a').eq(f('small'));
// @ts-expect-error a Bool in JSON has no order either
f('meta').at('a').lt(true);
// @ts-expect-error what was calculated may be anything but NULL by itself
f('price').plus(1).isNull();
// @ts-expect-error a sample stands last
f.and(f('small').eq(1).sample(0.5), cheap);
// @ts-expect-error what is left out of an or would make it mean something else
f.or(undefined, cheap);
// @ts-expect-error conditions, not texts
f.and('small == 1');

// @ts-expect-error no keys without a dynamic field
f.key('color');

const lists = defineSchema({
  dynamicField: true,
  fields: {
    id: { type: 'Int64', primaryKey: true },
    tags: { type: 'Array', elementType: 'VarChar', maxLength: 20, maxCapacity: 8 },
    flags: { type: 'Array', elementType: 'Bool', maxCapacity: 8 },
    bigs: { type: 'Array', elementType: 'Int64', maxCapacity: 8, nullable: true },
    v: { type: 'FloatVector', dim: 4 },
  },
});
const g = filterOf(lists);
export const ofLists: Condition[] = [
  g('tags').contains('bird'),
  g('tags').containsAll(['bird']),
  g('tags').at(0).startsWith('b'),
  g('tags').length().between(1, 3),
  g('tags').eq(['a', 'b']),
  g('flags').at(1).eq(true),
  g('bigs').containsAny([1, 2n]),
  g('bigs').at(0).modulo(2).eq(1),
  g('bigs').isNull(),
  g.key('color').eq('red'),
  g.key('size', 0, 'a').gt(3),
];
// @ts-expect-error an element of another type
g('tags').contains(1);
// @ts-expect-error a list of another type
g('bigs').containsAll(['1']);
// @ts-expect-error a list where one element is asked for
g('tags').contains(['a']);
// @ts-expect-error an array has no order
g('tags').lt(['a']);
// @ts-expect-error elements are never null
g('tags').at(0).isNull();
// @ts-expect-error not what a field is called: keys have a word of their own
g('color');

const untyped = filterOf(schema as AnySchema);
export const anything: Condition = untyped.and(untyped('whatever').eq(3), untyped('tags').contains('x'), untyped.key('a').eq(1));

export async function calls(db: Database): Promise<void> {
  const docs = await db.createCollection('docs', schema);
  await docs.search({ vector: [1, 2, 3, 4], ...cheap.toOptions() });
  await docs.search({ vector: [1, 2, 3, 4], ...sampled.toOptions() });
  await docs.query({ ...cheap.toOptions(), outputFields: ['title'] });
  await docs.delete(cheap.toOptions());
  const { filter, filterParams } = cheap.toOptions();
  await docs.count(filter, { filterParams });
}
