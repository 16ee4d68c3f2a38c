/**
 * Constants against integer columns: what a filter is folded to answers for every value of the column as plain arithmetic does.
 * JavaScript compares a bigint with a number exactly, which is what is asked for.
 */
import { describe, expect, it } from 'vitest';
import type { Predicate, Value } from '../../src/filter/predicate.ts';
import { random } from '../support/random.ts';
import { compile, refusal } from './language-support.ts';

type Truth = boolean | null;
type Cell = bigint | null;

const COMPARE: Readonly<Record<string, (a: bigint | number, b: bigint | number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  // oxlint-disable-next-line eqeqeq -- 1n == 1
  '==': (a, b) => a == b,
  // oxlint-disable-next-line eqeqeq -- 1n != 1
  '!=': (a, b) => a != b,
};

/** What a predicate over one integer column says of a value of it. */
function ask(predicate: Predicate, cell: Cell): Truth {
  switch (predicate.kind) {
    case 'constant':
      return predicate.value;
    case 'fixed':
      return cell === null ? null : predicate.value;
    case 'not': {
      const part = ask(predicate.part, cell);
      return part === null ? null : !part;
    }
    case 'and': {
      const parts = predicate.parts.map((part) => ask(part, cell));
      return parts.includes(false) ? false : parts.includes(null) ? null : true;
    }
    case 'or': {
      const parts = predicate.parts.map((part) => ask(part, cell));
      return parts.includes(true) ? true : parts.includes(null) ? null : false;
    }
    case 'compare': {
      const left = evaluate(predicate.left, cell);
      return left === null ? null : COMPARE[predicate.operator](left, evaluate(predicate.right, cell) as bigint);
    }
    case 'range': {
      const value = evaluate(predicate.value, cell);
      if (value === null) return null;
      return COMPARE[predicate.includesLow ? '>=' : '>'](value, predicate.low as bigint) && COMPARE[predicate.includesHigh ? '<=' : '<'](value, predicate.high as bigint);
    }
    case 'in': {
      const value = evaluate(predicate.value, cell);
      return value === null ? null : predicate.values.some((each) => COMPARE['=='](value, each as bigint)) !== predicate.isNegated;
    }
    default:
      throw new Error(`not of integers: ${predicate.kind}`);
  }
}

function evaluate(value: Value, cell: Cell): bigint | number | null {
  if (value.kind === 'field') return cell;
  if (value.kind === 'literal') return value.value as bigint;
  if (value.kind !== 'arithmetic' || value.operator !== '+') throw new Error('not of this test');
  const left = evaluate(value.left, cell);
  return left === null ? null : BigInt.asIntN(64, BigInt(left) + BigInt(evaluate(value.right, cell) as bigint));
}

const I8: readonly Cell[] = [null, ...Array.from({ length: 256 }, (_, i) => BigInt(i - 128))];
const EDGE = 2n ** 63n;
const I64: readonly Cell[] = [null, -EDGE, -EDGE + 1n, -(2n ** 53n) - 1n, -1n, 0n, 1n, 2n, 3n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 53n + 2n, EDGE - 2n, EDGE - 1n];
/** As text, and as what JavaScript makes of it. */
const NUMBERS: readonly (readonly [string, bigint | number])[] = [
  ...['-9223372036854775808', '-9223372036854775807', '-300', '-129', '-128', '-127', '-1', '0', '1', '2', '126', '127', '128', '300', '9007199254740992', '9007199254740993', '9223372036854775806', '9223372036854775807'].map((text) => [text, BigInt(text)] as const),
  ...['-1e300', '-9223372036854775808.0', '-128.5', '-128.0', '-127.5', '-0.5', '0.0', '0.5', '1.0', '2.5', '126.5', '127.0', '127.5', '9007199254740992.0', '9223372036854775808.0', '1e19', '1e300'].map((text) => [text, Number(text)] as const),
];
const OPERATORS = Object.keys(COMPARE);

describe.each([['i8', I8], ['i64', I64]] as const)('a constant against %s', (name, cells) => {
  /** Whether the answers for all cells are those expected. One comparison: thousands of expectations take seconds. */
  const check = (text: string, expected: (cell: bigint) => Truth): void => {
    const { predicate } = compile(text);
    const wrong = cells.find((cell) => ask(predicate, cell) !== (cell === null ? null : expected(cell)));
    if (wrong !== undefined) expect({ text, cell: wrong, answer: ask(predicate, wrong) }).toEqual({ text, cell: wrong, answer: wrong === null ? null : expected(wrong) });
  };

  it.each(OPERATORS)('%s is exact, on either side', (operator) => {
    for (const [text, number] of NUMBERS) {
      check(`${name} ${operator} ${text}`, (cell) => COMPARE[operator](cell, number));
      check(`${text} ${operator} ${name}`, (cell) => COMPARE[operator](number, cell));
    }
    expect(NUMBERS.length).toBeGreaterThan(30);
  });

  it('lies between two, or is refused', () => {
    for (const [lowText, low] of NUMBERS) {
      for (const [highText, high] of NUMBERS) {
        for (const [first, second] of [['<', '<'], ['<', '<='], ['<=', '<'], ['<=', '<=']]) {
          const text = `${lowText} ${first} ${name} ${second} ${highText}`;
          const isEmpty = !COMPARE[first === '<=' && second === '<=' ? '<=' : '<'](low, high);
          if (!isEmpty) check(text, (cell) => COMPARE[first](low, cell) && COMPARE[second](cell, high));
          else if (low !== high) expect(refusal(text).message).toMatch(/the range is empty/);
        }
      }
    }
    expect(refusal(`1 < ${name} < 1`).message).toMatch(/the range is empty/);
  });

  it('is in a list', () => {
    for (let seed = 0; seed < 200; seed++) {
      const next = random(seed);
      const list = Array.from({ length: 1 + Math.floor(next() * 5) }, () => NUMBERS[Math.floor(next() * NUMBERS.length)]);
      for (const word of ['in', 'not in']) check(`${name} ${word} [${list.map(([each]) => each).join(', ')}]`, (cell) => list.some(([, number]) => COMPARE['=='](cell, number)) === (word === 'in'));
    }
    check(`${name} in [1000000000000, 2]`, (cell) => cell === 2n || cell === 1_000_000_000_000n);
  });

  it('means the same under not', () => {
    for (const [text] of NUMBERS) {
      for (const condition of [`${name} < ${text}`, `${name} == ${text}`, `${name} in [1, ${text}]`, `-1e301 < ${name} < 1e301`, `1 < ${name} <= 100`]) {
        const { predicate } = compile(condition);
        check(`not (${condition})`, (cell) => !ask(predicate, cell));
      }
    }
    expect(ask(compile(`not (${name} < 2)`).predicate, 2n)).toBe(true);
  });

  it('is compared with arithmetic, which is of 64 bits', () => {
    for (const [text, number] of NUMBERS) {
      for (const operator of OPERATORS) check(`${name} + 1 ${operator} ${text}`, (cell) => COMPARE[operator](BigInt.asIntN(64, cell + 1n), number));
    }
    expect(ask(compile(`${name} + 1 < 3`).predicate, 2n)).toBe(false);
  });
});

describe('constants among themselves', () => {
  it.each([
    ['1 + 2 * 3 == 7', true],
    ['7 / 2 == 3', true],
    ['-7 / 2 == -3', true],
    ['-7 % 3 == -1', true],
    ['7 / 2.0 == 3.5', true],
    ['2 ** 10 == 1024', true],
    ['2 ** 62 == 4611686018427387904', true],
    ['2 ** -1 == 0.5', true],
    ['2 ** 64 == 18446744073709551616.0', true],
    ['(-1) ** 9223372036854775807 == -1', true],
    ['1 ** 9223372036854775807 == 1', true],
    ['2.0 ** 0.5 > 1.41', true],
    ['(6 & 3) == 2', true],
    ['(6 | 3) == 7', true],
    ['(6 ^ 3) == 5', true],
    ['~0 == -1', true],
    ['1 << 62 == 4611686018427387904', true],
    ['1 << 63 == -9223372036854775808', true],
    ['-8 >> 1 == -4', true],
    ['1 == 1.0', true],
    ['9007199254740993 == 9007199254740992.0', false],
    ['"a" < "b"', true],
    ['"\\uffff" < "\\U0001F600"', true],
    ['true == true', true],
    ['true', true],
    ['not true', false],
    ['1 in [1, 2]', true],
    ['1 not in [1, 2]', false],
    ['"x" in []', false],
    ['1 < 2 < 3', true],
    ['"abc" like "a%"', true],
    ['(1 == 1) == true', true],
    ['true or i8 == 1', true],
    ['false and i8 == 1', false],
    ['i8 in []', false],
    ['i8 not in []', true],
    ['id is null', false],
    ['id is not null', true],
  ])('%s is %s', (text, expected) => {
    expect(compile(text).predicate).toEqual({ kind: 'constant', value: expected });
  });
});
