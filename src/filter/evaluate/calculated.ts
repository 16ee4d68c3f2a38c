/** Leaves whose numbers are calculated, or come from two places of the row: by the blocks of `blocks.ts`. */
import type { ComparisonOperator, Truth } from '../predicate.ts';
import { BLOCK, absentOf, integerAt, type Numbers } from './blocks.ts';
import { compareCells, meetsCondition } from './compare-cells.ts';
import type { Condition } from './condition.ts';
import { doubleLoop } from './doubles.ts';
import type { Scope } from './scope.ts';
import { clearBeyond, isEmptyBetween, unite } from './words.ts';

/** Numbers that meet a condition. */
export function calculatedMeets(numbers: Numbers, condition: Condition, isNegated: boolean, scope: Scope, undecided: Uint32Array): Truth {
  const loop = doubleLoop(condition);
  const found = eachBlock([numbers], scope, undecided, (count, out, at) => {
    if (numbers.exact === null) loop(numbers.doubles, (count + 31) >>> 5, out, at, undecided);
    else for (let i = 0; i < count; i++) if (meetsCondition(numbers.exact[i], condition)) out[at + (i >>> 5)] |= 1 << (i & 31);
  });
  return answer(found, [numbers], isNegated, scope);
}

const LOOPS: Readonly<Record<'<' | '<=' | '==', PairLoop>> = { '<': isBelow, '<=': isAtMost, '==': isEqual };

/** Numbers that compare with others of their row. */
export function calculatedCompare(left: Numbers, operator: ComparisonOperator, right: Numbers, scope: Scope, undecided: Uint32Array): Truth {
  if (operator === '>' || operator === '>=') return calculatedCompare(right, operator === '>' ? '<' : '<=', left, scope, undecided);
  const isNegated = operator === '!=';
  const positive = isNegated ? '==' : operator;
  const loop = LOOPS[positive];
  const areInts = left.isInt && right.isInt;
  const found = eachBlock([left, right], scope, undecided, (count, out, at) => {
    if (!areInts || (left.exact === null && right.exact === null)) loop(left.doubles, right.doubles, (count + 31) >>> 5, out, at);
    else for (let i = 0; i < count; i++) if (compareCells(positive, integerAt(left, i), integerAt(right, i)) === true) out[at + (i >>> 5)] |= 1 << (i & 31);
  });
  return answer(found, [left, right], isNegated, scope);
}

interface Found {
  readonly isTrue: Uint32Array;
  /** Divided by 0. */
  readonly isUnknown: Uint32Array;
}

function eachBlock(numbers: readonly Numbers[], scope: Scope, undecided: Uint32Array, run: (count: number, out: Uint32Array, at: number) => void): Found {
  const isTrue = new Uint32Array(undecided.length);
  const isUnknown = new Uint32Array(undecided.length);
  for (let from = 0; from < scope.rows; from += BLOCK) {
    const count = Math.min(BLOCK, scope.rows - from);
    const at = from >>> 5;
    if (isEmptyBetween(undecided, at, at + ((count + 31) >>> 5))) continue;
    for (const each of numbers) each.load(from, count, isUnknown.subarray(at));
    run(count, isTrue, at);
  }
  clearBeyond(isTrue, scope.rows);
  return { isTrue, isUnknown };
}

/** NULLs are unknown; where a value is missing, `!=` and `not in` are true and all others false. */
function answer({ isTrue, isUnknown }: Found, numbers: readonly Numbers[], isNegated: boolean, scope: Scope): Truth {
  const views = numbers.flatMap((each) => each.views);
  for (const { field } of views) {
    const nulls = scope.nulls(field);
    if (nulls !== null) unite(isUnknown, nulls);
  }
  const absent = absentOf(views);
  return scope.answer(isTrue, absent, isNegated, isUnknown);
}

type PairLoop = (a: Float64Array, b: Float64Array, words: number, out: Uint32Array, outAt: number) => void;

function isBelow(a: Float64Array, b: Float64Array, words: number, out: Uint32Array, outAt: number): void {
  for (let w = 0, at = 0; w < words; w++, at += 32) {
    let bits = 0;
    for (let i = 0; i < 32; i++) bits |= +(a[at + i] < b[at + i]) << i;
    out[outAt + w] = bits;
  }
}

function isAtMost(a: Float64Array, b: Float64Array, words: number, out: Uint32Array, outAt: number): void {
  for (let w = 0, at = 0; w < words; w++, at += 32) {
    let bits = 0;
    for (let i = 0; i < 32; i++) bits |= +(a[at + i] <= b[at + i]) << i;
    out[outAt + w] = bits;
  }
}

function isEqual(a: Float64Array, b: Float64Array, words: number, out: Uint32Array, outAt: number): void {
  for (let w = 0, at = 0; w < words; w++, at += 32) {
    let bits = 0;
    for (let i = 0; i < 32; i++) bits |= +(a[at + i] === b[at + i]) << i;
    out[outAt + w] = bits;
  }
}
