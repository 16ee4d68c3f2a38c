/**
 * Numbers that are calculated, or compared with others of the same row: a block of rows at a time, each operator in a loop
 * of its own over doubles. Integers are doubles as long as all of a block stay within 2^53, where doubles are exact; a block
 * in which one does not is calculated again in bigints, which wrap around at 64 bits.
 */
import type { ArithmeticOperator, Value } from '../predicate.ts';
import { calculateInt } from './arithmetic.ts';
import type { Scope } from './scope.ts';
import { viewOf, type View } from './view.ts';
import { unite } from './words.ts';

/** Rows of a block: whole words. */
export const BLOCK = 2048;
const MAX = Number.MAX_SAFE_INTEGER;

/** Where numbers come from. */
export abstract class Numbers {
  abstract readonly isInt: boolean;
  /** Fields whose NULLs make the number unknown. */
  abstract readonly views: readonly View[];
  /** Of each row of the block; rounded where `exact` is not null. */
  readonly doubles = new Float64Array(BLOCK);
  /** The integers of a block of which one is beyond 2^53. */
  exact: BigInt64Array | null = null;

  /** Rows [from, from + count). `unknown` gets bits, from word 0 on, where something is divided by 0. */
  abstract load(from: number, count: number, unknown: Uint32Array): void;
}

/** null: some of the value is of JSON, or no number. */
export function numbersOf(value: Value, scope: Scope): Numbers | null {
  if (value.kind === 'arithmetic') {
    const { type, operator } = value;
    const left = numbersOf(value.left, scope);
    const right = left && numbersOf(value.right, scope);
    if (left === null || right === null) return null;
    return type !== 'float' && left.isInt && right.isInt ? new IntArithmetic(operator, left, right) : FLOAT[operator] === undefined ? null : new FloatArithmetic(FLOAT[operator], left, right);
  }
  if (value.kind === 'literal') return typeof value.value === 'number' || typeof value.value === 'bigint' ? new Constant(value.value) : null;
  const view = viewOf(value, scope);
  if (view === null || view.type === 'Bool' || view.type === 'VarChar') return null;
  return view.type === 'Int64' ? new Int64Column(view) : new NumberColumn(view);
}

class Constant extends Numbers {
  readonly isInt: boolean;
  readonly views = [];

  constructor(value: number | bigint) {
    super();
    this.isInt = typeof value === 'bigint' || Number.isInteger(value);
    this.doubles.fill(Number(value));
    if (this.isInt && !Number.isSafeInteger(Number(value))) this.exact = new BigInt64Array(BLOCK).fill(BigInt(value));
  }

  load(): void {}
}

class NumberColumn extends Numbers {
  readonly isInt: boolean;
  readonly views: readonly View[];
  readonly #values: Float64Array;

  constructor(view: View) {
    super();
    this.isInt = view.type !== 'Float' && view.type !== 'Double';
    this.views = [view];
    this.#values = view.values as Float64Array;
  }

  load(from: number, count: number): void {
    this.doubles.set(this.#values.subarray(from, from + count));
  }
}

class Int64Column extends Numbers {
  readonly isInt = true;
  readonly views: readonly View[];
  readonly #values: BigInt64Array;
  readonly #halves: Int32Array;

  constructor(view: View) {
    super();
    this.views = [view];
    this.#values = view.values as BigInt64Array;
    this.#halves = new Int32Array(this.#values.buffer, this.#values.byteOffset, this.#values.length * 2);
  }

  load(from: number, count: number): void {
    const worst = halvesToDoubles(this.#halves, from * 2, count, this.doubles);
    this.exact = worst <= MAX ? null : this.#values.subarray(from, from + count);
  }
}

/** The largest of them, whatever its sign. */
function halvesToDoubles(halves: Int32Array, at: number, count: number, out: Float64Array): number {
  let worst = 0;
  for (let i = 0; i < count; i++, at += 2) {
    const value = halves[at + 1] * 4294967296 + (halves[at] >>> 0);
    out[i] = value;
    worst = Math.max(worst, Math.abs(value));
  }
  return worst;
}

abstract class Arithmetic extends Numbers {
  readonly views: readonly View[];
  protected readonly left: Numbers;
  protected readonly right: Numbers;
  /** Rows of which an operand is missing, which divide nothing. */
  protected readonly absent: Uint32Array | null;

  constructor(left: Numbers, right: Numbers) {
    super();
    this.left = left;
    this.right = right;
    this.views = [...left.views, ...right.views];
    this.absent = absentOf(this.views);
  }
}

/** Rows in which one of the values is missing. */
export function absentOf(views: readonly View[]): Uint32Array | null {
  let absent: Uint32Array | null = null;
  for (const view of views) if (view.absent !== null) absent = absent === null ? view.absent.slice() : unite(absent, view.absent);
  return absent;
}

type Loop = (a: Float64Array, b: Float64Array, out: Float64Array, count: number) => number;

class FloatArithmetic extends Arithmetic {
  readonly isInt = false;
  readonly #loop: Loop;

  constructor(loop: Loop, left: Numbers, right: Numbers) {
    super(left, right);
    this.#loop = loop;
  }

  load(from: number, count: number, unknown: Uint32Array): void {
    this.left.load(from, count, unknown);
    this.right.load(from, count, unknown);
    this.#loop(this.left.doubles, this.right.doubles, this.doubles, count);
  }
}

class IntArithmetic extends Arithmetic {
  readonly isInt = true;
  readonly #operator: ArithmeticOperator;
  readonly #space = new BigInt64Array(BLOCK);

  constructor(operator: ArithmeticOperator, left: Numbers, right: Numbers) {
    super(left, right);
    this.#operator = operator;
  }

  load(from: number, count: number, unknown: Uint32Array): void {
    const { left, right } = this;
    left.load(from, count, unknown);
    right.load(from, count, unknown);
    if (this.#operator === '/' || this.#operator === '%') this.#markZeros(from, count, unknown);
    this.exact = null;
    if (left.exact === null && right.exact === null && INT[this.#operator](left.doubles, right.doubles, this.doubles, count) <= MAX) return;
    this.exact = this.#space;
    for (let i = 0; i < count; i++) {
      const value = calculateInt(this.#operator, integerAt(left, i), integerAt(right, i)) ?? 0n;
      this.exact[i] = value;
      this.doubles[i] = Number(value);
    }
  }

  #markZeros(from: number, count: number, unknown: Uint32Array): void {
    const divisors = this.right.doubles;
    for (let i = 0; i < count; i++) {
      if (divisors[i] !== 0) continue;
      const row = from + i;
      if (this.absent === null || !((this.absent[row >>> 5] >>> (row & 31)) & 1)) unknown[i >>> 5] |= 1 << (i & 31);
    }
  }
}

/** REQUIRES integers. */
export const integerAt = (numbers: Numbers, i: number): bigint => (numbers.exact === null ? BigInt(numbers.doubles[i]) : numbers.exact[i]);

const FLOAT: Readonly<Partial<Record<ArithmeticOperator, Loop>>> = {
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': (a, b, out, count) => {
    for (let i = 0; i < count; i++) out[i] = a[i] / b[i];
    return 0;
  },
};

/**
 * Each answers the largest result, whatever its sign: one up to 2^53 - 1 is exact, because a result that was rounded is
 * larger. What is divided by 0 is 0. Infinity: not to be done in doubles. No integer is -0, by which a double would be divided otherwise: so 0
 * is added where it could be one.
 */
const INT: Readonly<Record<ArithmeticOperator, Loop>> = {
  '+': add,
  '-': subtract,
  '*': (a, b, out, count) => {
    let worst = 0;
    for (let i = 0; i < count; i++) {
      const value = a[i] * b[i] + 0;
      out[i] = value;
      worst = Math.max(worst, Math.abs(value));
    }
    return worst;
  },
  // A quotient of integers below 2^53 is farther from the next integer than it is rounded by.
  '/': (a, b, out, count) => {
    for (let i = 0; i < count; i++) out[i] = b[i] === 0 ? 0 : Math.trunc(a[i] / b[i]) + 0;
    return 0;
  },
  '%': (a, b, out, count) => {
    for (let i = 0; i < count; i++) out[i] = b[i] === 0 ? 0 : (a[i] % b[i]) + 0;
    return 0;
  },
  '&': (a, b, out, count) => {
    let others = 0;
    for (let i = 0; i < count; i++) {
      const x = a[i] | 0;
      const y = b[i] | 0;
      others |= +(x !== a[i]) | +(y !== b[i]);
      out[i] = x & y;
    }
    return others === 0 ? 0 : Infinity;
  },
  '|': (a, b, out, count) => {
    let others = 0;
    for (let i = 0; i < count; i++) {
      const x = a[i] | 0;
      const y = b[i] | 0;
      others |= +(x !== a[i]) | +(y !== b[i]);
      out[i] = x | y;
    }
    return others === 0 ? 0 : Infinity;
  },
  '^': (a, b, out, count) => {
    let others = 0;
    for (let i = 0; i < count; i++) {
      const x = a[i] | 0;
      const y = b[i] | 0;
      others |= +(x !== a[i]) | +(y !== b[i]);
      out[i] = x ^ y;
    }
    return others === 0 ? 0 : Infinity;
  },
  '<<': (a, b, out, count) => {
    let worst = 0;
    for (let i = 0; i < count; i++) {
      const value = a[i] * 2 ** modulo64(b[i]);
      out[i] = value;
      worst = Math.max(worst, Math.abs(value));
    }
    return worst;
  },
  '>>': (a, b, out, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.floor(a[i] / 2 ** modulo64(b[i]));
    return 0;
  },
};

const modulo64 = (bits: number): number => bits - 64 * Math.floor(bits / 64);

function add(a: Float64Array, b: Float64Array, out: Float64Array, count: number): number {
  let worst = 0;
  for (let i = 0; i < count; i++) {
    const value = a[i] + b[i];
    out[i] = value;
    worst = Math.max(worst, Math.abs(value));
  }
  return worst;
}

function subtract(a: Float64Array, b: Float64Array, out: Float64Array, count: number): number {
  let worst = 0;
  for (let i = 0; i < count; i++) {
    const value = a[i] - b[i];
    out[i] = value;
    worst = Math.max(worst, Math.abs(value));
  }
  return worst;
}

function multiply(a: Float64Array, b: Float64Array, out: Float64Array, count: number): number {
  let worst = 0;
  for (let i = 0; i < count; i++) {
    const value = a[i] * b[i];
    out[i] = value;
    worst = Math.max(worst, Math.abs(value));
  }
  return worst;
}
