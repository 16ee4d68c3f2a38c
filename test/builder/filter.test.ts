/** What is built is read back by the engine's own compiler, and must come to the predicate that was meant. */
import { describe, expect, it } from 'vitest';
import { escapeLike, filterOf } from '../../src/filter.ts';
import type { Condition, SampledCondition } from '../../src/filter.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { printPredicate } from '../../src/filter/print.ts';
import { defineSchema } from '../../src/schema/define.ts';
import type { AnySchema } from '../../src/schema/infer.ts';
import type { Schema } from '../../src/schema/types.ts';
import { DYNAMIC, META, SCHEMA, schemaOf } from '../filter/language-support.ts';
import { connectInNode } from '../support/connect-for-tests.ts';
import { random } from '../support/random.ts';
import { codeOf } from '../support/refusals.ts';

const f = filterOf(SCHEMA as AnySchema);
const read = (condition: Condition | SampledCondition, schema: Schema = SCHEMA): string => {
  const { filter, filterParams } = condition.toOptions();
  const { predicate, sample } = compileFilter(filter, filterParams, schema);
  return printPredicate(predicate) + (sample === null ? '' : ` sampled ${sample}`);
};

describe('a filter that is built', () => {
  it.each<[string, () => Condition | SampledCondition]>([
    ['(f64 == 1)', () => f('f64').eq(1)],
    ['(f64 != 1.5)', () => f('f64').ne(1.5)],
    ['(i8 < 3)', () => f('i8').lt(3)],
    ['(i8 <= 3)', () => f('i8').le(3n)],
    ['(i64 > 9007199254740993)', () => f('i64').gt(2n ** 53n + 1n)],
    ['(i8 >= -3)', () => f('i8').ge(-3)],
    ['(1 <= i8 <= 5)', () => f('i8').between(1, 5)],
    ['("a" <= name <= "b")', () => f('name').between('a', 'b')],
    ['(i8 in [1, 2])', () => f('i8').in([1, 2, 1])],
    ['(name not in ["a"])', () => f('name').notIn(['a'])],
    ['(i8 < i16)', () => f('i8').lt(f('i16'))],
    ['(i64 == -5)', () => filterOf(schemaOf({ ...SCHEMA.fields[5], as: 'string' }) as AnySchema)('i64').eq('-5')],
    ['(i64 in [1, 2])', () => filterOf(schemaOf({ ...SCHEMA.fields[5], as: 'string' }) as AnySchema)('i64').in(['1', 2n])],
    ['(flag == true)', () => f('flag').eq(true)],
    ['(name is null)', () => f('name').isNull()],
    ['(name is not null)', () => f('name').isNotNull()],
    ['(name like "a_%")', () => f('name').like('a_%')],
    ['not (name like "a")', () => f('name').notLike('a')],
    ['(name like "50\\\\%%")', () => f('name').startsWith('50%')],
    ['(name like "%a\\\\_b")', () => f('name').endsWith('a_b')],
    ['(name like "%a\\\\\\\\b%")', () => f('name').contains('a\\b')],
    ['(name =~ "^a\\\\d")', () => f('name').matches('^a\\d')],
    ['(name !~ "x")', () => f('name').notMatches('x')],
    ['array_contains_any(tags, ["bird"])', () => f('tags').contains('bird')],
    ['array_contains_all(tags, ["a", "b"])', () => f('tags').containsAll(['a', 'b'])],
    ['array_contains_any(nums, [1, 2])', () => f('nums').containsAny([1, 2])],
    ['(tags == ["a", "b"])', () => f('tags').eq(['a', 'b'])],
    ['(tags != ["a"])', () => f('tags').ne(['a'])],
    ['(array_length(tags) > 2)', () => f('tags').length().gt(2)],
    ['(tags[1] == "a")', () => f('tags').at(1).eq('a')],
    ['(tags[0] like "%a%")', () => f('tags').at(0).contains('a')],
    ['(nums[0] < 3)', () => f('nums').at(0).lt(3)],
    ['(meta["a"][0]["b"] == "x")', () => f('meta').at('a', 0).at('b').eq('x')],
    ['(meta["a"] == [1, "x"])', () => f('meta').at('a').eq([1, 'x'])],
    ['(meta["a"] in [1, "x", true])', () => f('meta').at('a').in([1, 'x', true])],
    ['exists meta["a"]', () => f('meta').at('a').exists()],
    ['(meta["a"] is null)', () => f('meta').at('a').isNull()],
    ['json_contains_any(meta["a"], [1])', () => f('meta').at('a').contains(1)],
    ['(meta["a"] like "%b%")', () => f('meta').at('a').containsText('b')],
    ['(array_length(meta["a"]) == 2)', () => f('meta').at('a').length().eq(2)],
    ['((meta["a"] * 2) > 3)', () => f('meta').at('a').times(2).gt(3)],
    ['((i8 + 1) == 2)', () => f('i8').plus(1).eq(2)],
    ['(((i8 - i16) * 2) < (i32 % 3))', () => f('i8').minus(f('i16')).times(2).lt(f('i32').modulo(3))],
    ['((f64 / 2) > 1)', () => f('f64').dividedBy(2).gt(1)],
    ['((((i32 & 4) | 1) ^ 2) != 0)', () => f('i32').bitAnd(4).bitOr(1).bitXor(2).ne(0)],
    ['((i8 == 1) and (i16 == 2))', () => f.and(f('i8').eq(1), f('i16').eq(2))],
    ['((i8 == 1) or (i16 == 2))', () => f.or(f('i8').eq(1), f('i16').eq(2))],
    ['(((i8 == 1) or (i16 == 2)) and (i32 == 3))', () => f.and(f.or(f('i8').eq(1), f('i16').eq(2)), f('i32').eq(3))],
    ['((i8 == 1) and (i16 == 2) and (i32 == 3))', () => f.and(f.and(f('i8').eq(1), f('i16').eq(2)), f('i32').eq(3))],
    ['(i8 != 1)', () => f.not(f('i8').eq(1))],
    ['not ((i8 == 1) and (i16 == 2))', () => f.not(f.and(f('i8').eq(1), f('i16').eq(2)))],
    ['(i8 == 1)', () => f.and(undefined, f('i8').eq(1), false, null)],
    ['true', () => f.and()],
    ['false', () => f.or()],
    ['(i8 == 1) sampled 0.5', () => f('i8').eq(1).sample(0.5)],
    ['((i8 == 1) and (i16 == 2)) sampled 0.5', () => f.and(f('i8').eq(1), f('i16').eq(2)).sample(0.5)],
    ['((i8 == 1) or (i16 == 2)) sampled 0.5', () => f.or(f('i8').eq(1), f('i16').eq(2)).sample(0.5)],
    ['true sampled 0.25', () => f.and().sample(0.25)],
  ])('reads as %s', (expected, build) => {
    expect(read(build())).toBe(expected);
  });

  it('has keys of the dynamic field', () => {
    const g = filterOf(DYNAMIC as AnySchema);
    expect(read(g.and(g.key('color').eq('red'), g.key('size', 'a', 1).gt(3), g.key('x').exists()), DYNAMIC)).toBe('(($meta["color"] == "red") and ($meta["size"]["a"][1] > 3) and exists $meta["x"])');
    expect(read(g.key('name').eq('x'), DYNAMIC)).toBe('($meta["name"] == "x")');
  });

  it('is one text with its values beside it', () => {
    expect(f.and(f('f64').lt(10), f('name').in(['a', 'b'])).toOptions()).toEqual({ filter: '(f64 < {v0} and name in {v1})', filterParams: { v0: 10, v1: ['a', 'b'] } });
    const names = ['a'];
    const { filterParams } = f('name').in(names).toOptions();
    names.push('b');
    expect(filterParams).toEqual({ v0: ['a'] });
  });

  it('takes any text and any key for what it is', () => {
    const odd = ['" or true or name == "', "' or 1 == 1", '{v0}', '\\', '\\"', '%', '_', '\n\r\t\0\x07\x7f', '\u2028', 'é😀', '', '$meta', '__proto__', '"] or meta["'];
    for (const text of odd) {
      const compiled = (condition: Condition) => {
        const { filter, filterParams } = condition.toOptions();
        return compileFilter(filter, filterParams, SCHEMA).predicate;
      };
      expect(compiled(f('name').eq(text))).toMatchObject({ kind: 'compare', right: { value: text } });
      expect(compiled(f('meta').at(text, 0).eq(1))).toMatchObject({ kind: 'compare', left: { path: [text, 0] } });
      const matches = (condition: Condition, value: string): boolean => {
        const predicate = compiled(condition);
        if (predicate.kind !== 'like') throw new Error(`${predicate.kind} of ${text}`);
        const bytes = new TextEncoder().encode(value);
        return predicate.pattern.test(bytes, 0, bytes.length);
      };
      expect([matches(f('name').startsWith(text), `${text}x`), matches(f('name').contains(text), `x${text}x`), matches(f('name').endsWith(text), `x${text}`), matches(f('name').like(escapeLike(text)), text)]).toEqual([true, true, true, true]);
      if (text !== '' && text !== 'x') expect([matches(f('name').startsWith(text), 'x'), matches(f('name').contains(text), 'xx'), matches(f('name').like(escapeLike(text)), `${text}x`)]).toEqual([false, false, false]);
    }
  });

  it('is found by the compiler as it was meant, however it is nested', () => {
    for (let seed = 0; seed < 300; seed++) {
      const next = random(seed);
      const build = (depth: number): readonly [Condition, string] => {
        const n = Math.floor(next() * 50);
        if (depth === 0 || next() < 0.2) return [f('i8').lt(n), `i8 < ${n}`];
        const [[left, leftText], [right, rightText]] = [build(depth - 1), build(depth - 1)];
        if (next() < 0.3) return [f.not(left), `not (${leftText})`];
        return next() < 0.5 ? [f.and(left, right), `(${leftText}) and (${rightText})`] : [f.or(left, right), `(${leftText}) or (${rightText})`];
      };
      const [condition, text] = build(5);
      expect(read(condition), `seed ${seed}: ${text}`).toBe(printPredicate(compileFilter(text, undefined, SCHEMA).predicate));
    }
  });

  it('may be joined one by one, and nested as deep as the language', () => {
    let all = f('i8').eq(0);
    for (let i = 1; i < 1_000; i++) all = f.or(all, f('i8').eq(i));
    const { filter, filterParams } = all.toOptions();
    expect(compileFilter(filter, filterParams, SCHEMA).predicate).toMatchObject({ kind: 'or' });
    const nested = (levels: number): Condition => {
      let condition = f('i8').lt(0);
      for (let i = 0; i < levels; i++) condition = i % 2 === 0 ? f.and(condition, f('i8').eq(1)) : f.or(condition, f('i8').eq(2));
      return condition;
    };
    expect(read(nested(90))).toContain('i8');
    expect(codeOf(() => nested(100))).toBe('INVALID_ARGUMENT');
    let sum = f('i8');
    expect(codeOf(() => { for (let i = 0; i < 1_000; i++) sum = sum.plus(1); })).toBe('INVALID_ARGUMENT');
  });

  it('knows its fields when it runs, too', () => {
    expect(codeOf(() => f('nope'))).toBe('FILTER_TYPE');
    expect(() => f('nope')).toThrow('field "nope" does not exist; the fields are id, flag, i8');
    expect(() => f('v')).toThrow('field "v" holds vectors (FloatVector), which a filter cannot look at');
    expect(() => f.key('color')).toThrow('a key needs a dynamic field, which the schema does not have');
    expect(codeOf(() => f.and('id == 1' as never))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => f.or(f('i8').eq(1).sample(0.5) as never))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => f.not({} as never))).toBe('INVALID_ARGUMENT');
  });

  it('asks for fields that are named like words of the language, but for six', () => {
    const words = ['in', 'like', 'is', 'exists', 'Exists', 'between', 'array_length', 'iso', 'random_sample', 'interval'];
    const schema = schemaOf(...words.map((name) => ({ ...META, name, isDynamic: undefined, nullable: true })), { ...SCHEMA.fields[0], name: 'not' });
    const g = filterOf(schema as AnySchema);
    for (const word of words) {
      expect(read(g(word).eq('x'), schema)).toBe(`(${word} == "x")`);
      expect(read(g(word).at('a').isNull(), schema)).toBe(`(${word}["a"] is null)`);
      expect(read(g(word).at('a').exists(), schema)).toBe(`exists ${word}["a"]`);
      expect(read(g(word).in(['x']), schema)).toBe(`(${word} in ["x"])`);
      expect(read(g(word).like('x'), schema)).toBe(`(${word} like "x")`);
      expect(read(g.and(g(word).eq(1), g(word).isNotNull()), schema)).toBe(`((${word} == 1) and (${word} is not null))`);
    }
    expect(() => g('not')).toThrow('field "not" has the name of a word of the filter language');
  });
});

describe('a call with a filter that was built', () => {
  it('finds the rows that are meant', async () => {
    const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, price: { type: 'Double' }, name: { type: 'VarChar', maxLength: 20 }, v: { type: 'FloatVector', dim: 2 } } });
    await using db = await connectInNode('memory:', { mode: 'inline' });
    const docs = await db.createCollection('docs', schema);
    await docs.insert(Array.from({ length: 20 }, (_, id) => ({ id, price: id / 2, name: id % 2 === 0 ? `50%_${id}` : `kite ${id}`, v: [id, 1] })));
    const g = filterOf(schema);
    const cheap = g.and(g('price').lt(3), g('name').startsWith('50%'));
    const hits = await docs.search({ vector: [1, 1], limit: 10, ...cheap.toOptions() });
    expect(hits.map(({ id }) => id).sort()).toEqual([0, 2, 4]);
    const { filter, filterParams } = cheap.toOptions();
    expect(await docs.count(filter, { filterParams })).toBe(3);
    expect((await docs.query({ ...g('id').in([3, 5]).toOptions(), outputFields: ['name'] })).map(({ name }) => name)).toEqual(['kite 3', 'kite 5']);
    await docs.delete(g.not(cheap).toOptions());
    expect(await docs.count()).toBe(3);
    const untyped = filterOf((await db.collection('docs')).schema);
    expect(await docs.count(untyped('name').endsWith('_4').toOptions().filter, { filterParams: { v0: '%\\_4' } })).toBe(1);
  });

  it('finds rows by what is in arrays, JSON and keys of their own', async () => {
    const schema = defineSchema({ dynamicField: true, fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, tags: { type: 'Array', elementType: 'VarChar', maxLength: 20, maxCapacity: 4 }, meta: { type: 'JSON', nullable: true }, v: { type: 'FloatVector', dim: 2 } } });
    await using db = await connectInNode('memory:', { mode: 'inline' });
    const docs = await db.createCollection('docs', schema);
    await docs.insert([
      { id: 1, tags: ['bird', 'blue'], meta: { shelf: [{ row: 3 }] }, v: [1, 1], color: 'red' },
      { id: 2, tags: [], meta: { shelf: 'none' }, v: [1, 2], color: ['red', 'blue'] },
      { id: 3, tags: ['bird'], v: [1, 3] },
    ]);
    for (const g of [filterOf(schema as AnySchema), filterOf(docs.schema)]) {
      const ids = async (condition: Condition): Promise<unknown[]> => (await docs.query({ ...condition.toOptions(), outputFields: ['id'] })).map(({ id }) => id);
      expect(await ids(g('tags').contains('bird'))).toEqual([1, 3]);
      expect(await ids(g('tags').length().lt(2))).toEqual([2, 3]);
      expect(await ids(g('tags').at(1).ne('x'))).toEqual([1]);
      expect(await ids(g('meta').at('shelf', 0, 'row').eq(3))).toEqual([1]);
      expect(await ids(g.not(g('meta').at('shelf', 0, 'row').eq(3)))).toEqual([2]);
      expect(await ids(g.key('color').eq('red'))).toEqual([1]);
      expect(await ids(g.key('color').contains('blue'))).toEqual([2]);
      expect(await ids(g.and(g.key('color').exists(), g('meta').isNotNull()))).toEqual([1, 2]);
    }
  });
});
