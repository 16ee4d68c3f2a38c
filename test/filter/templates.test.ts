import { describe, expect, it } from 'vitest';
import { DYNAMIC, compile, printed, refusal } from './language-support.ts';

describe('a template', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['i8 > {a}', { a: 3 }, '(i8 > 3)'],
    ['{a} < i8 < { b }', { a: 3, b: 5n }, '(3 < i8 < 5)'],
    ['f64 == {a}', { a: 2.5 }, '(f64 == 2.5)'],
    ['i8 < {a}', { a: 2.5 }, '(i8 <= 2)'],
    ['i64 == {a}', { a: 2n ** 62n }, '(i64 == 4611686018427387904)'],
    ['name == {a}', { a: 'x" or true or name == "' }, '(name == "x\\" or true or name == \\"")'],
    ['name like {a}', { a: 'a%' }, '(name like "a%")'],
    ['flag == {a}', { a: true }, '(flag == true)'],
    ['{a}', { a: true }, 'true'],
    ['i8 in {a}', { a: [1, 2, 2, 300] }, '(i8 in [1, 2])'],
    ['name not in {a}', { a: ['x', 'y'] }, '(name not in ["x", "y"])'],
    ['meta["a"] in {a}', { a: [1, 'x', true, 1.5] }, '(meta["a"] in [1, "x", true, 1.5])'],
    ['array_contains_all(tags, {a})', { a: ['x', 'y'] }, 'array_contains_all(tags, ["x", "y"])'],
    ['array_contains(tags, {a})', { a: 'x' }, 'array_contains_any(tags, ["x"])'],
    ['tags == {a}', { a: ['x'] }, '(tags == ["x"])'],
    ['i8 + {a} == {b}', { a: 1, b: 2 }, '((i8 + 1) == 2)'],
    ['random_sample({a})', { a: 0.5 }, 'true sampled 0.5'],
    ['i8 in [{a}, {b}]', { a: 1, b: 2, unused: Symbol('never looked at') }, '(i8 in [1, 2])'],
  ])('%s', (text, values, expected) => {
    expect(printed(text, values)).toBe(expected);
  });

  it('of an integer is one: JSON is compared exactly', () => {
    expect(compile('meta["a"] == {a}', { a: 2n ** 60n }).predicate).toMatchObject({ right: { value: 2n ** 60n } });
    expect(compile('meta["a"] == {a}', { a: 3 }).predicate).toMatchObject({ right: { value: 3 } });
    expect(printed('7 / {a} == 3', { a: 2 })).toBe('true');
  });

  it.each<[string, Readonly<Record<string, unknown>> | undefined, string]>([
    ['i8 > {a}', undefined, 'there is no value for the template "a"'],
    ['i8 > {a}', { b: 1 }, 'there is no value for the template "a"'],
    ['i8 > {toString}', {}, 'there is no value for the template "toString"'],
    ['i8 > {__proto__}', {}, 'there is no value for the template "__proto__"'],
    ['i8 > {a}', { a: 'x' }, '"i8" (Int8) cannot be compared with the text "x" of the template "a"'],
    ['i8 in {a}', { a: 3 }, '"in" takes a list, got the number 3 of the template "a"'],
    ['i8 > {a}', { a: [3] }, '"i8" (Int8) cannot be compared with a list'],
    ['i8 in {a}', { a: [1, 'x'] }, '"i8" (Int8) cannot be compared with the text "x" of the template "a"'],
    ['name like {a}', { a: 3 }, 'like expected a text on its right, got the number 3 of the template "a"'],
    ['i8 > {a}', { a: null }, 'template "a" expected a boolean, a finite number, an integer of 64 bits, a text, or an array of these, got null'],
    ['i8 > {a}', { a: undefined }, 'template "a" expected a boolean, a finite number, an integer of 64 bits, a text, or an array of these, got undefined'],
    ['i8 > {a}', { a: Number.NaN }, 'template "a" expected a boolean, a finite number, an integer of 64 bits, a text, or an array of these, got NaN'],
    ['i8 > {a}', { a: 2n ** 63n }, 'template "a" expected a boolean, a finite number, an integer of 64 bits, a text, or an array of these, got 9223372036854775808n'],
    ['i8 > {a}', { a: new Date(0) }, 'template "a" expected a boolean, a finite number, an integer of 64 bits, a text, or an array of these, got an object'],
    ['i8 > {a}', { a: () => 1 }, 'template "a" expected a boolean, a finite number, an integer of 64 bits, a text, or an array of these, got a function'],
    ['i8 in {a}', { a: [1, [2]] }, 'value 1 of template "a" expected a boolean, a finite number, an integer of 64 bits, a text, or an array of these, got an array of 1'],
    ['i8 in {a}', { a: Array(3) }, 'value 0 of template "a" expected a boolean, a finite number, an integer of 64 bits, a text, or an array of these, got undefined'],
    ['name == {a}', { a: '\ud800' }, 'template "a" expected well-formed text, got a lone surrogate'],
    ['i8 in {a}', { a: Array(100_001) }, 'template "a" expected at most 100000 values, got 100001'],
  ])('%s refuses what does not fit', (text, values, sentence) => {
    const { code, message } = refusal(text, values);
    expect(code).toBe('FILTER_TYPE');
    expect(message.split('\n')[0]).toContain(`filter: ${sentence}`);
    expect(message.split('\n')[2].length).toBeGreaterThan(0);
  });

  it('may have a long list of values', () => {
    const values = Array.from({ length: 100_000 }, (_, i) => i);
    expect(compile('i64 in {a}', { a: values }).predicate).toMatchObject({ kind: 'in', values: { length: 100_000 } });
    expect(compile('color in {a}', { a: values.map(String) }, DYNAMIC).predicate).toMatchObject({ kind: 'in', values: { length: 100_000 } });
  });

  it('may be named many times, but not so that its values come to too much', () => {
    const often = (condition: string, times: number): string => Array.from({ length: times }, () => condition).join(' or ');
    const list = Array.from({ length: 100_000 }, (_, i) => i);
    const text = 'a'.repeat(60_000);
    expect(compile(often('i64 in {a}', 10), { a: list }).predicate).toMatchObject({ parts: { length: 10 } });
    expect(compile(often('name == {a}', 200), { a: text }).predicate).toMatchObject({ parts: { length: 200 } });
    // Equal patterns are compiled once.
    expect(compile(often('name like {a}', 200), { a: '%_'.repeat(1_000) }).predicate).toMatchObject({ parts: { length: 200 } });
    for (const [filter, a] of [['i64 in {a}', list], ['name == {a}', text], ['name like {a}', text], ['array_contains_all(tags, {a})', list.map(String)], ['i64 in [{a}, {b}]', text]] as const) {
      const started = performance.now();
      const { code, message } = refusal(often(filter, 20_000), { a, b: 1 });
      expect([code, message.split('\n')[0]]).toEqual(['FILTER_TYPE', expect.stringMatching(filter.includes('{b}') ? /cannot be compared/ : /^filter: the lists, texts and patterns of the filter are too large together/)]);
      expect(performance.now() - started).toBeLessThan(10_000);
    }
    const patterns = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`p${i}`, `${i}${'%_'.repeat(8_000)}`]));
    expect(refusal(Object.keys(patterns).map((name) => `name like {${name}}`).join(' or '), patterns).message).toMatch(/too large together/);
  });
});
