import { describe, expect, it } from 'vitest';
import { DYNAMIC, compile, printed } from './language-support.ts';

describe('a filter of the language', () => {
  it.each([
    ['', 'true'],
    ['  \n', 'true'],
    ['f64 < 10', '(f64 < 10)'],
    ['10 > f64', '(f64 < 10)'],
    ['id == 3', '(id == 3)'],
    ['name == "a"', '(name == "a")'],
    ['flag == true', '(flag == true)'],
    ['f64 < 10 and flag == true', '((f64 < 10) and (flag == true))'],
    ['id in [1, 2, 2, 1]', '(id in [1, 2])'],
    ['id not in [1]', '(id not in [1])'],
    ['1 < i32 <= 5', '(1 < i32 <= 5)'],
    ['5 >= i32 > 1', '(1 < i32 <= 5)'],
    ['i32 between 1 and 5 or flag == false', '((1 <= i32 <= 5) or (flag == false))'],
    ['name like "a%"', '(name like "a%")'],
    ['name =~ r"^a\\d"', '(name =~ "^a\\\\d")'],
    ['meta["a"] !~ "x"', '(meta["a"] !~ "x")'],
    ['tags[0] !~ "x"', '((array_length(tags) > 0) and (tags[0] !~ "x"))'],
    ['not (name =~ "x")', '(name !~ "x")'],
    ['f64 < 9223372036854775807', '(f64 < 9223372036854776000.0)'],
    ['name is null', '(name is null)'],
    ['name is not null', '(name is not null)'],
    ['exists meta["a"]', 'exists meta["a"]'],
    ['meta["a"][0] == 1', '(meta["a"][0] == 1)'],
    ['array_contains(tags, "x")', 'array_contains_any(tags, ["x"])'],
    ['json_contains_all(meta["a"], [1, "x", [2]])', 'json_contains_all(meta["a"], [1, "x", [2]])'],
    ['array_length(tags) > 2', '(array_length(tags) > 2)'],
    ['random_sample(0.5)', 'true sampled 0.5'],
    ['id > 3 and random_sample(0.25)', '(id > 3) sampled 0.25'],
  ])('%j is %j', (text, expected) => {
    expect(printed(text)).toBe(expected);
  });

  it('takes an unknown name for a key of the dynamic field', () => {
    expect(printed('color == "red" and size["a"][1] > 3 and $meta["color"] == "red"', undefined, DYNAMIC)).toBe('(($meta["color"] == "red") and ($meta["size"]["a"][1] > 3) and ($meta["color"] == "red"))');
  });

  it('has literals in the form of the column', () => {
    const literal = (text: string): unknown => {
      const { predicate } = compile(text);
      return predicate.kind === 'compare' && predicate.right.kind === 'literal' ? predicate.right.value : predicate;
    };
    expect(literal('i64 == 1')).toBe(1n);
    expect(literal('i32 == 1')).toBe(1);
    expect(literal('f32 == 1')).toBe(1);
    expect(literal('f32 == 0.1')).toBe(0.1);
    expect(literal('meta["a"] == 9007199254740991')).toBe(9007199254740991);
    expect(literal('meta["a"] == 9007199254740992')).toBe(9007199254740992n);
    expect(literal('meta["a"] == 9007199254740993')).toBe(9007199254740993n);
    expect(literal('i64 == -9223372036854775808')).toBe(-(2n ** 63n));
  });
});
