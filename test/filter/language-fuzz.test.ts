/**
 * Whatever is given as a filter, the answer is a Filter or an ElanusError of four codes, soon. Texts are made of the language's own
 * tokens, of mutated good filters and of noise; what is accepted is printed and read again. `SEEDS` or `SECONDS` make it longer.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Predicate } from '../../src/filter/predicate.ts';
import { printPredicate } from '../../src/filter/print.ts';
import { isElanusError } from '../../src/util/error.ts';
import { random } from '../support/random.ts';
import { DYNAMIC, SCHEMA, compile } from './language-support.ts';

const SEEDS = Math.max(1_500, Number(process.env.SEEDS ?? 0));
const SECONDS = Number(process.env.SECONDS ?? 0);
/** Characters of a long text: a megabyte, which is all that is allowed, when there is time. */
const LONG = SECONDS > 0 || SEEDS > 1_500 ? 1024 * 1024 - 100 : 256 * 1024;
const VALUES = { p: 5, big: 2n ** 62n, s: 'x', list: [1, 2, 3], names: ['a', 'b'], yes: true, bad: null };

const TOKENS = `( ( ) ) [ ] { } , + - * / % ** & | ^ ~ << >> < <= > >= == != =~ !~ && || ! and or not AND OR NOT in like is null exists between random_sample
 array_contains json_contains_all array_contains_any array_length true false 0 1 2 5 300 2.5 1e300 0x10 9223372036854775807 9223372036854775808 "a" "a%" 'b' r"\\d" "" {p} {s} {list} {names} {yes} {bad} {none}
 id flag i8 i16 i32 i64 f32 f64 name title meta tags nums bigs v color $meta ["a"] [0] [300] = . ; $ " ' \\ é text_match iso And`.split(/\s+/);

const GOOD = [
  'i8 > 3 and (name like "a%" or not flag == true) and f64 between 1.5 and {p}',
  '1 < i16 <= 300 and i64 in [1, 2, -9223372036854775808] and random_sample(0.5)',
  'meta["a"]["b"][0] + 1 == 2 and exists meta["c"] and meta["d"] is not null',
  'array_contains_all(tags, ["x", "y"]) and array_length(nums) != 3 and nums[0] != 5 and tags == ["a"]',
  'json_contains_any(meta["x"], [1, "a", [true]]) or (i32 & 7) << 2 == 4 or ~i8 % 3 == 1',
  'name in {names} and i64 not in {list} && title != "\\u00e9\\n" || !(f32 >= -1.5e-3) or name =~ r"^a\\d+$" and title !~ "x"',
];

const hasFixed = (predicate: Predicate): boolean =>
  predicate.kind === 'fixed' || (predicate.kind === 'not' && hasFixed(predicate.part)) || ((predicate.kind === 'and' || predicate.kind === 'or') && predicate.parts.some(hasFixed));

/** What a text comes to; fails for any other answer than those that are allowed. */
function answer(text: string, schema = DYNAMIC): 'accepted' | 'refused' {
  try {
    const { predicate } = compile(text, VALUES, schema);
    const again = printPredicate(predicate);
    // Long lists are cut, what is the same wherever there is a value has no words of its own, and guards of elements are added again.
    if (!again.includes('... ') && !hasFixed(predicate)) {
      const twice = printPredicate(compile(again, undefined, schema).predicate);
      if (!again.includes('array_length(') && twice !== again) throw new Error(`${again} is read as ${twice}`);
    }
    return 'accepted';
  } catch (error) {
    if (!isElanusError(error) || !['FILTER_SYNTAX', 'FILTER_TYPE', 'NOT_SUPPORTED', 'INVALID_ARGUMENT'].includes(error.code)) throw new Error(`${JSON.stringify(text.slice(0, 200))} ended in ${String(error)}`, { cause: error });
    if (error.code === 'INVALID_ARGUMENT') return 'refused';
    const { position, line, column } = error.detail as Record<string, number>;
    if (!(position >= 0 && position <= text.length && line >= 1 && column >= 1)) throw new Error(`${text.slice(0, 200)} is refused at ${position}`);
    expect(error.message.split('\n')).toHaveLength(3);
    expect(error.message.length).toBeLessThan(1_000);
    return 'refused';
  }
}

function mutated(next: () => number): string {
  const pick = (count: number): number => Math.floor(next() * count);
  let text = GOOD[pick(GOOD.length)];
  for (let times = 1 + pick(3); times > 0; times--) {
    const at = pick(text.length + 1);
    const to = Math.min(text.length, at + pick(8));
    const insert = [() => '', () => TOKENS[pick(TOKENS.length)], () => String.fromCharCode(pick(128)), () => String.fromCodePoint(pick(0x11_0000)), () => text.slice(pick(text.length), pick(text.length)), () => ` ${TOKENS[pick(TOKENS.length)]} `][pick(6)]();
    text = text.slice(0, at) + insert + text.slice(next() < 0.5 ? at : to);
  }
  return text;
}

const sentence = (next: () => number): string => Array.from({ length: 1 + Math.floor(next() * 14) }, () => TOKENS[Math.floor(next() * TOKENS.length)]).join(next() < 0.9 ? ' ' : '');

/** Conditions that mostly fit the schema. */
function condition(next: () => number, depth: number): string {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)];
  if (depth > 0 && next() < 0.6) {
    const part = (): string => condition(next, depth - 1);
    return pick([() => `(${part()})`, () => `not ${part()}`, () => `not (${part()})`, () => `${part()} and ${part()}`, () => `${part()} or ${part()}`, () => `(${part()} or ${part()})`])();
  }
  const integer = pick(['i8', 'i16', 'i32', 'i64', 'id', 'nums[1]', 'bigs[0]', 'array_length(tags)', '(i8 + 1)', '(i64 * i8)', '(i32 & 3)']);
  const number = pick([integer, 'f32', 'f64', '(f64 / 2)', 'meta["a"]', 'color', '(meta["a"] * 2)']);
  const constant = pick(['0', '1', '-1', '5', '127', '128', '300', '2.5', '1e10', '9007199254740993', '9223372036854775807', '{p}', '1 + 2']);
  const text = pick(['name', 'title', 'tags[0]', 'meta["a"]', 'color["b"]']);
  const ref = pick(['name', 'i8', 'meta', 'meta["a"]', 'color', 'nums']);
  return pick([
    () => `${number} ${pick(['<', '<=', '>', '>=', '==', '!='])} ${constant}`,
    () => `${constant} ${pick(['<', '!='])} ${number}`,
    () => `${integer} ${pick(['<', '=='])} ${integer}`,
    () => `${number} ${pick(['in', 'not in'])} [${constant}, ${constant}]`,
    () => `${constant} < ${number} <= ${constant}`,
    () => `${number} ${pick(['between', 'not between'])} ${constant} and ${constant}`,
    () => `${text} ${pick(['<', '==', '!='])} ${pick(['"a"', "'é'", '{s}', '""'])}`,
    () => `${text} ${pick(['like', 'not like'])} ${pick(['"a%"', '"%a_"', '"\\%%"'])}`,
    () => `${text} in {names}`,
    () => `flag ${pick(['==', '!='])} ${pick(['true', 'false', '{yes}'])}`,
    () => `${ref} is ${pick(['', 'not '])}null`,
    () => `exists ${pick(['meta["a"]', 'color', '$meta["x"][0]'])}`,
    () => `array_contains${pick(['_any', '_all'])}(nums, [${constant}, 1])`,
    () => `json_contains${pick(['_any', '_all'])}(${pick(['meta', 'color', 'meta["a"]'])}, [${constant}, "x", [1]])`,
    () => `${pick(['nums', 'meta["a"]', number])} ${pick(['==', '!='])} [1, ${constant}]`,
    () => `${text} ${pick(['=~', '!~'])} ${pick(['"^a"', 'r"\\d+"', "'x|y'"])}`,
  ])();
}

describe('any text', () => {
  const run = (name: string, make: (next: () => number) => string, atLeast: number): void => {
    it(`of ${name} is a filter or refused`, { timeout: 60_000 + SECONDS * 2_000 }, () => {
      const until = performance.now() + (SECONDS * 1_000) / 3;
      let accepted = 0;
      let seed = 0;
      for (; seed < SEEDS || performance.now() < until; seed++) {
        const text = make(random(seed));
        try {
          if (answer(text, seed % 4 === 0 ? SCHEMA : DYNAMIC) === 'accepted') accepted++;
        } catch (cause) {
          throw new Error(`seed ${seed}: ${JSON.stringify(text)}`, { cause });
        }
      }
      // The share that is accepted tells whether the test is about anything.
      expect(accepted / seed).toBeGreaterThan(atLeast);
    });
  };
  run('tokens', sentence, 0);
  run('good filters, mutated', mutated, 0.02);
  run('conditions', (next) => condition(next, 3), 0.3);

  it('of noise is a filter or refused', () => {
    const units = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ unit: fc.constantFrom(...TOKENS, ' '), maxLength: 30 }), fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map((codes) => String.fromCharCode(...codes)));
    fc.assert(fc.property(units, (text) => answer(text) !== undefined), { numRuns: Math.ceil(SEEDS / 3) });
  });

  it.each<[string, (n: number) => string]>([
    ['open parentheses', (n) => '('.repeat(n)],
    ['open brackets', (n) => 'i8 in ' + '['.repeat(n)],
    ['nots', (n) => 'not '.repeat(n / 4)],
    ['exclamation marks', (n) => '!'.repeat(n)],
    ['minus signs', (n) => `i8 == ${'-'.repeat(n)}1`],
    ['sums', (n) => `i8 ${'+ 1 '.repeat(n / 4)}== 1`],
    ['alternatives', (n) => `${'i8 == 1 or '.repeat(n / 11)}i8 == 1`],
    ['conjunctions in pairs', (n) => `${'(i8 == 1 or i8 == 2) and '.repeat(n / 25)}i8 == 1`],
    ['comparisons', (n) => `i8 ${'< 1 '.repeat(n / 4)}`],
    ['numbers in a list', (n) => `i8 in [${'1,'.repeat(Math.min(n / 2, 99_000))}]`],
    ['too many numbers in a list', (n) => `i8 in [${'1,'.repeat(Math.max(n / 2 - 10, 100_001))}]`],
    ['templates in a list', (n) => `i8 in [${'{p},'.repeat(n / 4 - 10)}]`],
    ['digits', (n) => `i8 == ${'1'.repeat(n - 10)}`],
    ['zeros', (n) => `i64 == 0x${'0'.repeat(n - 20)}1`],
    ['digits of a fraction', (n) => `f64 == 0.${'1'.repeat(n - 20)}`],
    ['letters', (n) => `${'a'.repeat(n - 10)} == 1`],
    ['a text', (n) => `name == "${'a'.repeat(n - 20)}"`],
    ['escapes', (n) => `name == "${'\\n'.repeat(n / 2 - 20)}"`],
    ['an open text', (n) => `name == "${'\\\\'.repeat(n / 2 - 20)}`],
    ['spaces', (n) => ' '.repeat(n)],
    ['lines', (n) => '\n'.repeat(n - 1) + ')'],
    ['brackets behind a name', (n) => `meta${'["a"]'.repeat(n / 5 - 10)} == 1`],
    ['exists', (n) => 'exists '.repeat(n / 7)],
    ['signs of like', (n) => `name like "${'%_'.repeat(n / 2 - 20)}"`],
    ['signs of an expression', (n) => `name =~ "${'(a*)*'.repeat(n / 5 - 20)}"`],
    ['expressions', (n) => `${'name =~ "(a|b)*" or '.repeat(n / 20 - 20)} i8 == 1`],
    ['quotes', (n) => '"'.repeat(n)],
    ['prefixes', (n) => 'u8'.repeat(n / 2)],
  ])('of very many %s takes about as long as its length says', (_name, make) => {
    const started = performance.now();
    const text = make(LONG);
    expect(text.length).toBeGreaterThan(100_000);
    answer(text);
    // Generous, for busy machines; anything quadratic takes minutes.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
