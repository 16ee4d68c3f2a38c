/**
 * Predicates over random columns against a computation row by row, for each kind of leaf and each type. `SEEDS` runs more;
 * a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import { evaluate, fieldsOf, type FilterSource } from '../../src/filter/evaluate.ts';
import type { ArithmeticOperator, ComparisonOperator, JsonLiteral, JsonPath, Leaf, Literal, Predicate, Ref, Truth, Value } from '../../src/filter/predicate.ts';
import { truthWords } from '../../src/filter/predicate.ts';
import type { TextPattern } from '../../src/filter/patterns/pattern.ts';
import type { Column } from '../../src/schema/column.ts';
import { viewRows } from '../../src/schema/column-ops.ts';
import type { ElementType, Field, ScalarType } from '../../src/schema/types.ts';
import { Dice, KEYS, columnOf, field, plainly, randomDouble, randomInt, randomJson, randomScalar, randomText, randomValue, readTruth, type Json, type Plain, type Row } from './evaluate-support.ts';

const SEEDS = Number(process.env.SEEDS ?? 25);
const SCALARS: readonly ElementType[] = ['Bool', 'Int8', 'Int16', 'Int32', 'Int64', 'Float', 'Double', 'VarChar'];
const COMPARISONS: readonly ComparisonOperator[] = ['<', '<=', '>', '>=', '==', '!='];
const ARITHMETIC: readonly ArithmeticOperator[] = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'];
const NUMERIC: readonly ElementType[] = ['Int8', 'Int16', 'Int32', 'Int64', 'Float', 'Double'];
const INTS: readonly ElementType[] = ['Int8', 'Int16', 'Int32', 'Int64'];
const SIZES = [0, 1, 31, 32, 33, 63, 64, 65, 100, 1000];

class Table {
  readonly rows: Row[];
  readonly columns = new Map<number, Column>();
  readonly dice: Dice;
  asked: number[] = [];

  constructor(dice: Dice, fields: readonly Field[], size: number) {
    this.dice = dice;
    const rows = Array.from({ length: size }, () => new Map<number, Plain | null>());
    for (const each of fields) {
      const nulls = dice.pick([0, 0, 0.1, 0.5, 1]);
      const values = rows.map(() => (dice.chance(nulls) ? null : randomValue(dice, each)));
      rows.forEach((row, i) => row.set(each.fieldId, values[i]));
      this.columns.set(each.fieldId, columnOf(each, values, dice));
    }
    this.rows = rows;
  }

  /** Rows [from, to) as they lie: views of the whole columns. */
  slice(from: number, to: number): FilterSource {
    return { rows: to - from, column: (each) => viewRows(this.columns.get(each.fieldId)!, from, to), known: () => null };
  }

  source(known: (leaf: Leaf) => Truth | null = () => null): FilterSource {
    this.asked = [];
    return {
      rows: this.rows.length,
      column: (each) => {
        this.asked.push(each.fieldId);
        return this.columns.get(each.fieldId)!;
      },
      known,
    };
  }

  check(predicate: Predicate, what: string, known?: (leaf: Leaf) => Truth | null): void {
    const found = readTruth(evaluate(predicate, this.source(known)), this.rows.length);
    const expected = this.rows.map((row) => plainly(predicate, row));
    const wrong = expected.findIndex((answer, row) => answer !== found[row]);
    const say = (value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : typeof value === 'number' && !Number.isFinite(value) ? String(value) : value);
    if (wrong >= 0) {
      const shown = JSON.stringify({ predicate, row: [...this.rows[wrong]] }, (_, value) => say(value));
      expect.fail(`${what}, row ${wrong} of ${this.rows.length}: ${found[wrong]}, expected ${expected[wrong]}; ${shown}`);
    }
    const fields = fieldsOf(predicate, (leaf) => (known?.(leaf) ?? null) !== null).map((each) => each.fieldId);
    expect(new Set(this.asked).size, `${what}: a column is asked for once`).toBe(this.asked.length);
    for (const asked of this.asked) expect(fields, what).toContain(asked);
  }
}

/** Matches texts that contain a part; counts as a pattern of no known prefix. */
function containing(part: string): TextPattern {
  const bytes = Buffer.from(part);
  return { source: part, prefix: '', required: part === '' ? [] : [part], isPrefix: false, test: (text, from, to) => Buffer.from(text.subarray(from, to)).includes(bytes) };
}

const SCALAR_FIELDS = SCALARS.map((type, i) => field(100 + i, type));
const SECOND_FIELDS = SCALARS.map((type, i) => field(200 + i, type));
const ARRAY_FIELDS = SCALARS.map((elementType, i) => field(300 + i, 'Array', { elementType, maxCapacity: 10 }));
const JSON_FIELDS = [field(400, 'JSON'), field(401, 'JSON')];
const ALL_FIELDS = [...SCALAR_FIELDS, ...SECOND_FIELDS, ...ARRAY_FIELDS, ...JSON_FIELDS];

/** Of what is in the rows, mostly: a literal that nothing equals decides nothing. */
function literalFor(dice: Dice, type: ScalarType, table: Table, from?: Field): Literal {
  if (from !== undefined && table.rows.length > 0 && dice.chance(0.7)) {
    const value = dice.pick(table.rows).get(from.fieldId);
    if (value !== null && value !== undefined && typeof value !== 'object') return value as Literal;
    if (Array.isArray(value) && value.length > 0) return dice.pick(value) as Literal;
  }
  return randomScalar(dice, type as ElementType) as Literal;
}

const jsonNumber = (dice: Dice): Literal => {
  if (dice.chance(0.3)) return randomDouble(dice);
  const int = randomInt(dice, 64);
  return Number.isSafeInteger(Number(int)) ? Number(int) : int;
};
const jsonScalar = (dice: Dice): Literal => (dice.chance(0.6) ? jsonNumber(dice) : dice.chance(0.7) ? randomText(dice) : dice.chance(0.5));

function toLiteral(json: Json): JsonLiteral | undefined {
  if (json === null || typeof json === 'boolean') return json;
  if ('text' in json) return json.text;
  if ('int' in json) return Number.isSafeInteger(Number(json.int)) ? Number(json.int) : json.int;
  if ('double' in json) return json.double;
  if ('entries' in json) return undefined;
  const list = json.list.map(toLiteral);
  return list.includes(undefined) ? undefined : (list as JsonLiteral[]);
}

function jsonLiteral(dice: Dice): JsonLiteral {
  for (;;) {
    const literal = toLiteral(randomJson(dice, 2));
    if (literal !== undefined) return literal;
  }
}

function randomPath(dice: Dice): JsonPath {
  return Array.from({ length: 1 + dice.below(3) }, () => (dice.chance(0.75) ? dice.pick(KEYS) : dice.below(4)));
}

const jsonRef = (dice: Dice): Ref => (dice.chance(0.9) ? { kind: 'path', field: dice.pick(JSON_FIELDS), path: randomPath(dice) } : { kind: 'field', field: dice.pick(JSON_FIELDS) });

interface Typed {
  readonly value: Exclude<Value, { kind: 'literal' }>;
  readonly type: ScalarType;
  readonly from?: Field;
}

function scalarRef(dice: Dice, types: readonly ElementType[]): Typed {
  const type = dice.pick(types);
  if (dice.chance(0.7)) {
    const from = dice.pick([...SCALAR_FIELDS, ...SECOND_FIELDS].filter((each) => each.type === type));
    return { value: { kind: 'field', field: from }, type, from };
  }
  const from = ARRAY_FIELDS.find((each) => each.elementType === type)!;
  return { value: { kind: 'element', field: from, index: dice.below(4) }, type, from };
}

function arithmetic(dice: Dice, type: 'int' | 'float' | 'json', depth: number): Value {
  const operand = (): Value => {
    if (depth > 0 && dice.chance(0.3)) return arithmetic(dice, type, depth - 1);
    if (dice.chance(0.3)) {
      if (type === 'float') return { kind: 'literal', value: randomDouble(dice) };
      const literal = type === 'json' ? jsonNumber(dice) : randomInt(dice, dice.pick([3, 8, 32, 64]));
      return { kind: 'literal', value: typeof literal === 'bigint' && Number.isSafeInteger(Number(literal)) && dice.chance(0.5) ? Number(literal) : literal };
    }
    if (type !== 'int' && dice.chance(type === 'json' ? 0.7 : 0.2)) return jsonRef(dice);
    if (dice.chance(0.1)) return { kind: 'length', of: { kind: 'field', field: dice.pick(ARRAY_FIELDS) } };
    return scalarRef(dice, type === 'int' ? INTS : NUMERIC).value;
  };
  const operator = dice.pick(type === 'float' ? ARITHMETIC.slice(0, 4) : ARITHMETIC);
  const right = operand();
  const left = operand();
  return { kind: 'arithmetic', type, operator, left: left.kind === 'literal' && right.kind === 'literal' ? scalarRef(dice, INTS).value : left, right };
}

/** Leaves by what they are made of. */
const LEAVES: Readonly<Record<string, (dice: Dice, table: Table) => Leaf>> = {
  'compare with a literal': (dice, table) => {
    const { value, type, from } = scalarRef(dice, SCALARS);
    return { kind: 'compare', operator: dice.pick(type === 'Bool' ? COMPARISONS.slice(4) : COMPARISONS), left: value, right: { kind: 'literal', value: literalFor(dice, type, table, from) } };
  },
  range: (dice, table) => {
    const { value, type, from } = scalarRef(dice, SCALARS.slice(1));
    const [low, high] = [literalFor(dice, type, table, from), literalFor(dice, type, table, from)];
    return { kind: 'range', value, low, high, includesLow: dice.chance(0.5), includesHigh: dice.chance(0.5) };
  },
  in: (dice, table) => {
    const { value, type, from } = scalarRef(dice, SCALARS);
    const values = Array.from({ length: dice.pick([0, 1, 2, 3, 20, 100]) }, () => literalFor(dice, type, table, from));
    return { kind: 'in', value, values: [...new Set(values)], isNegated: dice.chance(0.5) };
  },
  'compare fields': (dice) => {
    const types = dice.chance(0.7) ? NUMERIC : [dice.pick(['Bool', 'VarChar'] as const)];
    return { kind: 'compare', operator: dice.pick(types[0] === 'Bool' ? COMPARISONS.slice(4) : COMPARISONS), left: scalarRef(dice, types).value, right: scalarRef(dice, types).value };
  },
  length: (dice) => {
    const of: Ref = dice.chance(0.6) ? { kind: 'field', field: dice.pick(ARRAY_FIELDS) } : jsonRef(dice);
    const value: Value = { kind: 'length', of };
    if (dice.chance(0.3)) return { kind: 'in', value, values: [0, 2, 3], isNegated: dice.chance(0.5) };
    if (dice.chance(0.3)) return { kind: 'range', value, low: 0, high: 3, includesLow: dice.chance(0.5), includesHigh: dice.chance(0.5) };
    return { kind: 'compare', operator: dice.pick(COMPARISONS), left: value, right: { kind: 'literal', value: dice.below(4) } };
  },
  arithmetic: (dice) => {
    const type = dice.pick(['int', 'int', 'float', 'json'] as const);
    const left = arithmetic(dice, type, 2);
    const literal = (): Literal => (type === 'int' ? randomInt(dice, dice.pick([4, 32, 64])) : type === 'float' ? randomDouble(dice) : jsonNumber(dice));
    if (dice.chance(0.1)) return { kind: 'in', value: left, values: [...new Set([literal(), literal(), 0, 1])], isNegated: dice.chance(0.5) };
    if (dice.chance(0.1)) return { kind: 'range', value: left, low: literal(), high: literal(), includesLow: dice.chance(0.5), includesHigh: dice.chance(0.5) };
    const right: Value = dice.chance(0.6) ? { kind: 'literal', value: literal() } : dice.chance(0.5) ? arithmetic(dice, type, 1) : scalarRef(dice, type === 'int' ? INTS : NUMERIC).value;
    return { kind: 'compare', operator: dice.pick(COMPARISONS), left, right };
  },
  json: (dice, table) => {
    const value = jsonRef(dice);
    const literal = (): Literal => {
      const found = table.rows.length > 0 && value.kind === 'path' ? (dice.pick(table.rows).get(value.field.fieldId) as { json: Json } | null) : null;
      const inside = found !== null && typeof found.json === 'object' && found.json !== null && 'entries' in found.json ? found.json.entries.find(([key]) => key === (value as { path: JsonPath }).path[0]) : undefined;
      const at = inside === undefined ? undefined : toLiteral(inside[1]);
      return at === undefined || at === null || typeof at === 'object' ? jsonScalar(dice) : (at as Literal);
    };
    if (dice.chance(0.3)) return { kind: 'in', value, values: [...new Set(Array.from({ length: dice.pick([0, 1, 5, 40]) }, literal))], isNegated: dice.chance(0.5) };
    if (dice.chance(0.3)) return { kind: 'range', value, low: literal(), high: literal(), includesLow: dice.chance(0.5), includesHigh: dice.chance(0.5) };
    return { kind: 'compare', operator: dice.pick(COMPARISONS), left: value, right: { kind: 'literal', value: literal() } };
  },
  text: (dice) => {
    const ref = dice.chance(0.6) ? (scalarRef(dice, ['VarChar']).value as Ref) : jsonRef(dice);
    const pattern = containing(randomText(dice));
    return dice.chance(0.5) ? { kind: 'like', ref, pattern } : { kind: 'regex', ref, pattern, isNegated: dice.chance(0.5) };
  },
  presence: (dice) => {
    if (dice.chance(0.4)) return { kind: 'exists', ref: jsonRef(dice) };
    return { kind: 'isNull', ref: dice.chance(0.5) ? jsonRef(dice) : dice.chance(0.7) ? { kind: 'field', field: dice.pick(ALL_FIELDS) } : (scalarRef(dice, SCALARS).value as Ref), isNegated: dice.chance(0.5) };
  },
  contains: (dice, table) => {
    const size = dice.pick([0, 1, 1, 2, 3]);
    const mode = dice.pick(['any', 'all'] as const);
    if (dice.chance(0.5)) return { kind: 'contains', ref: jsonRef(dice), mode, values: Array.from({ length: size }, () => jsonLiteral(dice)) };
    const from = dice.pick(ARRAY_FIELDS);
    return { kind: 'contains', ref: { kind: 'field', field: from }, mode, values: Array.from({ length: size }, () => literalFor(dice, from.elementType!, table, from)) };
  },
  equalsArray: (dice, table) => {
    const isNegated = dice.chance(0.5);
    if (dice.chance(0.4)) {
      const list = jsonLiteral(dice);
      return { kind: 'equalsArray', ref: jsonRef(dice), values: Array.isArray(list) ? list : [list as JsonLiteral], isNegated };
    }
    const from = dice.pick(ARRAY_FIELDS);
    const found = table.rows.length > 0 ? dice.pick(table.rows).get(from.fieldId) : null;
    const values = Array.isArray(found) && dice.chance(0.8) ? found : [literalFor(dice, from.elementType!, table, from)];
    return { kind: 'equalsArray', ref: { kind: 'field', field: from }, values: values as JsonLiteral[], isNegated };
  },
};

function randomPredicate(dice: Dice, table: Table, depth: number): Predicate {
  const kind = dice.below(depth > 0 ? 10 : 6);
  if (kind < 5) return dice.pick(Object.values(LEAVES))(dice, table);
  if (kind === 5) return dice.chance(0.5) ? { kind: 'constant', value: dice.chance(0.5) } : { kind: 'fixed', ref: { kind: 'field', field: dice.pick(ALL_FIELDS) }, value: dice.chance(0.5) };
  if (kind === 6) return { kind: 'not', part: randomPredicate(dice, table, depth - 1) };
  return { kind: dice.pick(['and', 'or'] as const), parts: Array.from({ length: 2 + dice.below(3) }, () => randomPredicate(dice, table, depth - 1)) };
}

describe('each kind of leaf', () => {
  for (const [name, make] of Object.entries(LEAVES)) {
    it(name, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const dice = new Dice(seed * 1009);
        const table = new Table(dice, ALL_FIELDS, dice.pick(SIZES.slice(0, 9)));
        for (let i = 0; i < 40; i++) table.check(make(dice, table), `seed ${seed}, leaf ${i}`);
      }
    });
  }

  it('over a part of the rows of larger columns', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const dice = new Dice(seed * 15_485_863);
      const table = new Table(dice, ALL_FIELDS, 200);
      const from = 64 * dice.below(3);
      const to = from + dice.below(201 - from);
      for (const [name, make] of Object.entries(LEAVES)) {
        const leaf = make(dice, table);
        const found = readTruth(evaluate(leaf, table.slice(from, to)), to - from);
        expect(found, `seed ${seed}, ${name}, rows ${from} to ${to}`).toEqual(table.rows.slice(from, to).map((row) => plainly(leaf, row)));
      }
    }
  });

  it('over more rows than are taken at a time', () => {
    for (const size of [2049, 4129]) {
      const dice = new Dice(size);
      const table = new Table(dice, ALL_FIELDS, size);
      for (const make of Object.values(LEAVES)) table.check(make(dice, table), `${size} rows`);
      for (let i = 0; i < 8; i++) table.check(LEAVES.arithmetic(dice, table), `${size} rows, arithmetic ${i}`);
      for (let i = 0; i < 8; i++) table.check(LEAVES.in(dice, table), `${size} rows, in ${i}`);
    }
  });

  it('every type with every comparison, beside each of its own values', () => {
    const dice = new Dice(7);
    const table = new Table(dice, SCALAR_FIELDS, 200);
    for (const each of SCALAR_FIELDS) {
      const values = new Set(table.rows.map((row) => row.get(each.fieldId)).filter((value) => value !== null) as Literal[]);
      for (const operator of each.type === 'Bool' ? COMPARISONS.slice(4) : COMPARISONS) {
        for (const value of [...values].slice(0, 40)) {
          table.check({ kind: 'compare', operator, left: { kind: 'field', field: each }, right: { kind: 'literal', value } }, `${each.type} ${operator}`);
        }
      }
    }
  });
});

describe('numbers at the edge', () => {
  const fields = [field(1, 'Int64'), field(2, 'Int64'), field(3, 'Double'), field(4, 'JSON')];
  const [a, b, d] = fields.map((each): Ref => ({ kind: 'field', field: each }));

  /** Rows of integers around `middle`, each beside each, and as a double and in JSON. */
  function tableAround(middle: bigint): Table {
    const dice = new Dice(1);
    const near = Array.from({ length: 9 }, (_, i) => middle + BigInt(i - 4)).filter((value) => BigInt.asIntN(64, value) === value);
    const table = new Table(dice, [], near.length ** 2);
    table.rows.forEach((row, i) => {
      const value = near[i % near.length];
      const values = [value, near[Math.floor(i / near.length)], Number(value), { json: { entries: [['a', { int: value }]] } }] as const;
      values.forEach((each, k) => (row as Map<number, Plain>).set(fields[k].fieldId, each as Plain));
    });
    for (const each of fields) table.columns.set(each.fieldId, columnOf(each, table.rows.map((row) => row.get(each.fieldId)!), dice));
    return table;
  }

  for (const middle of [2n ** 31n, -(2n ** 31n), 2n ** 32n, 2n ** 53n, -(2n ** 53n), 2n ** 60n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    it(`integers around ${middle}`, () => {
      const table = tableAround(middle);
      const literals = [...new Set(table.rows.map((row) => row.get(1) as bigint))];
      const path: Ref = { kind: 'path', field: fields[3], path: ['a'] };
      for (const operator of COMPARISONS) {
        for (const right of [b, d]) table.check({ kind: 'compare', operator, left: a, right }, `a ${operator}`);
        for (const calculated of ARITHMETIC) {
          for (const step of [1n, -1n, 2n]) {
            const sum: Value = { kind: 'arithmetic', type: 'int', operator: calculated, left: a, right: { kind: 'literal', value: step } };
            table.check({ kind: 'compare', operator, left: sum, right: b }, `a ${calculated} ${step} ${operator} b`);
          }
        }
        for (const value of literals) {
          for (const left of [a, path]) table.check({ kind: 'compare', operator, left, right: { kind: 'literal', value } }, `${left.kind} ${operator} ${value}`);
          for (const left of [a, d, path]) table.check({ kind: 'compare', operator, left, right: { kind: 'literal', value: Number(value) } }, `${left.kind} ${operator} ${Number(value)}`);
        }
      }
      table.check({ kind: 'in', value: a, values: literals.filter((_, i) => i % 2 === 0), isNegated: false }, 'in');
      table.check({ kind: 'in', value: path, values: [...literals.filter((_, i) => i % 2 === 0), Number(literals[1])], isNegated: false }, 'in, JSON');
    });
  }

  it('doubles in JSON beside their neighbours', () => {
    const dice = new Dice(11);
    const doubles = Array.from({ length: 300 }, () => dice.u32() / 2 ** 32 / 10 ** dice.below(6));
    const table = new Table(dice, [], doubles.length);
    table.rows.forEach((row, i) => (row as Map<number, Plain>).set(4, { json: { entries: [['a', { double: doubles[i], written: String(doubles[i]) }]] } }));
    table.columns.set(4, columnOf(fields[3], table.rows.map((row) => row.get(4)!), dice));
    for (const middle of doubles.slice(0, 60)) {
      for (const value of [middle, middle * (1 + 2 ** -52), middle * (1 - 2 ** -52)]) {
        for (const operator of COMPARISONS) table.check({ kind: 'compare', operator, left: { kind: 'path', field: fields[3], path: ['a'] }, right: { kind: 'literal', value } }, `${operator} ${value}`);
      }
    }
  });
});

describe('predicates of predicates', () => {
  it('by the logic of three values, whichever parts are skipped', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const dice = new Dice(seed * 7919);
      const table = new Table(dice, ALL_FIELDS, dice.pick(SIZES.slice(0, 9)));
      for (let i = 0; i < 30; i++) table.check(randomPredicate(dice, table, 4), `seed ${seed}, predicate ${i}`);
    }
  });

  it('leaves of which something is known are not asked, and what is known is not written to', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const dice = new Dice(seed * 104_729);
      const table = new Table(dice, ALL_FIELDS, dice.pick(SIZES));
      for (let i = 0; i < 5; i++) {
        const predicate = randomPredicate(dice, table, 4);
        const answers = new Map<Leaf, Truth | null>();
        const copies = new Map<Truth, Truth>();
        const known = (leaf: Leaf): Truth | null => {
          if (!answers.has(leaf)) {
            const truth = dice.chance(0.5) ? null : evaluate(leaf, table.source());
            answers.set(leaf, truth);
            if (truth !== null) copies.set(truth, { isTrue: truth.isTrue.slice(), isUnknown: truth.isUnknown?.slice() ?? null });
          }
          return answers.get(leaf)!;
        };
        // Answers are made before columns are counted.
        fieldsOf(predicate, (leaf) => known(leaf) !== null);
        table.check(predicate, `seed ${seed}, predicate ${i}`, known);
        for (const [truth, copy] of copies) expect(truth).toEqual(copy);
      }
    }
  });

  it('a part that can change nothing is not looked at', () => {
    const dice = new Dice(3);
    const table = new Table(dice, [SCALAR_FIELDS[3], JSON_FIELDS[0]], 100);
    const none: Predicate = { kind: 'constant', value: false };
    const json: Predicate = { kind: 'exists', ref: { kind: 'path', field: JSON_FIELDS[0], path: ['a'] } };
    expect(readTruth(evaluate({ kind: 'and', parts: [json, none] }, table.source()), 100)).toEqual(Array(100).fill(false));
    expect(table.asked).toEqual([]);
    expect(readTruth(evaluate({ kind: 'or', parts: [json, { kind: 'not', part: none }] }, table.source()), 100)).toEqual(Array(100).fill(true));
    expect(table.asked).toEqual([]);
  });

  it('a costly part is asked about undecided rows alone', () => {
    const int = SCALAR_FIELDS[3], text = SCALAR_FIELDS[7];
    const rows = 70;
    const columns = new Map([
      [int.fieldId, columnOf(int, Array.from({ length: rows }, (_, i) => i), new Dice(1))],
      [text.fieldId, columnOf(text, Array.from({ length: rows }, (_, i) => String(i)), new Dice(1))],
    ]);
    const seen: string[] = [];
    const pattern: TextPattern = { ...containing(''), test: (bytes, from, to) => seen.push(Buffer.from(bytes.subarray(from, to)).toString()) > 0 };
    const below: Leaf = { kind: 'compare', operator: '<', left: { kind: 'field', field: int }, right: { kind: 'literal', value: 3 } };
    const like: Leaf = { kind: 'like', ref: { kind: 'field', field: text }, pattern };
    const source: FilterSource = { rows, column: (each) => columns.get(each.fieldId)!, known: () => null };
    evaluate({ kind: 'and', parts: [like, below] }, source);
    expect(seen).toEqual(['0', '1', '2']);
    seen.length = 0;
    evaluate({ kind: 'or', parts: [like, { kind: 'not', part: below }] }, source);
    expect(seen).toEqual(['0', '1', '2']);
  });

  it('words for whole 64 bits, of no rows too', () => {
    const dice = new Dice(5);
    for (const rows of SIZES) {
      const table = new Table(dice, [SCALAR_FIELDS[1]], rows);
      const { isTrue } = evaluate({ kind: 'isNull', ref: { kind: 'field', field: SCALAR_FIELDS[1] }, isNegated: false }, table.source());
      expect(isTrue.length).toBe(truthWords(rows));
    }
  });
});
