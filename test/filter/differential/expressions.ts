/**
 * Random filters as text, each together with what it means for a row. Literals come from the rows, so that filters are true of some
 * and false of others. Parentheses are written where Milvus's precedence asks for them, and sometimes where it does not.
 */
import type { Field } from '../../../src/schema/types.ts';
import { type Arithmetic, type Cell, type Comparison, type Json, MISSING, type Truth, and, at, calculate, compare, isEqual, isNumber, not, or, order } from './cells.ts';
import type { Draw } from './draw.ts';
import { plainLike } from '../patterns/plain-like.ts';
import { DYNAMIC, KEYS, type Row, bitsOf, randomDouble, randomInteger, randomScalar, randomText } from './rows.ts';

/** What is true, false or unknown of a row. `parts`: conditions in it, for finding the one that went wrong. */
export interface Condition {
  readonly text: string;
  readonly power: number;
  readonly parts: readonly Condition[];
  truth(row: Row): Truth;
}

/** What differs from row to row. */
interface Term {
  readonly text: string;
  readonly power: number;
  readonly type: 'int' | 'float' | 'text' | 'bool' | 'json';
  of(row: Row): Cell;
  /** Where an element or an array is missing, a comparison is false whatever the operator says. */
  readonly isThere: readonly ((row: Row) => Truth)[];
}

/** How tightly an operator binds: the higher the tighter. */
const POWER = { or: 1, and: 2, '|': 3, '^': 4, '&': 5, equality: 6, order: 7, between: 8, in: 9, '<<': 10, '>>': 10, '+': 11, '-': 11, '*': 12, '/': 12, '%': 12, unary: 13, like: 15, is: 16, atom: 17 } as const;

const ORDERS: readonly Comparison[] = ['<', '<=', '>', '>='];
const FLIPPED: Readonly<Record<Comparison, Comparison>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' };

export class Expressions {
  /** Values of the templates of the filter that was made last. */
  templates: Record<string, unknown> = {};
  readonly #draw: Draw;
  readonly #fields: readonly Field[];
  readonly #rows: readonly Row[];

  constructor(draw: Draw, fields: readonly Field[], rows: readonly Row[]) {
    this.#draw = draw;
    this.#fields = fields;
    this.#rows = rows;
  }

  filter(): Condition {
    this.templates = {};
    return this.#condition(this.#draw.below(4));
  }

  #condition(depth: number): Condition {
    const draw = this.#draw;
    if (depth > 0 && draw.chance(0.7)) {
      if (draw.chance(0.25)) return this.#not(this.#condition(depth - 1));
      const kind = draw.chance(0.5) ? 'and' : 'or';
      const parts = draw.some(2, 4, () => this.#condition(depth - 1));
      const words = kind === 'and' ? ['and', 'AND', '&&'] : ['or', 'OR', '||'];
      const text = parts.map((part) => this.#within(part, POWER[kind] + 1)).reduce((left, right) => `${left} ${draw.pick(words)} ${right}`);
      return { text, power: POWER[kind], parts, truth: (row) => (kind === 'and' ? and : or)(parts.map((part) => part.truth(row))) };
    }
    for (;;) {
      const made = draw.weighted<() => Condition | null>([
        [20, () => this.#compareConstant()],
        [8, () => this.#compareTerms()],
        [8, () => this.#range()],
        [10, () => this.#in()],
        [8, () => this.#match()],
        [5, () => this.#isNull()],
        [3, () => this.#exists()],
        [10, () => this.#contains()],
        [4, () => this.#compareList()],
        [1, () => this.#constant()],
      ])();
      if (made !== null) return made;
    }
  }

  #leaf(text: string, power: number, truth: (row: Row) => Truth): Condition {
    return { text, power, parts: [], truth };
  }

  /** In parentheses where it binds less than `power`. */
  #within(part: { readonly text: string; readonly power: number }, power: number): string {
    return part.power < power || this.#draw.chance(0.1) ? `(${part.text})` : part.text;
  }

  #not(part: Condition): Condition {
    // It reaches over one comparison without parentheses.
    const isBare = part.power > POWER.and && !part.text.startsWith('(') && this.#draw.chance(0.4);
    // Together, ! and ~ are another operator.
    const text = `${this.#draw.pick(['not ', 'NOT ', part.text.startsWith('~') ? '! ' : '!', 'not '])}${isBare ? part.text : `(${part.text})`}`;
    return { text, power: POWER.equality, parts: [part], truth: (row) => not(part.truth(row)) };
  }

  #constant(): Condition {
    const value = this.#draw.chance(0.5);
    const text = value ? this.#draw.pick(['true', 'True', 'TRUE', '1 == 1', '2 > 1.5', '"a" < "b"', '1 in [1, 2]']) : this.#draw.pick(['false', 'False', 'FALSE', '1 != 1', '"a" == "b"', '3 not in [3]']);
    return this.#leaf(text, POWER.equality, () => value);
  }

  // Terms

  #term(types: readonly Term['type'][], depth = 1): Term | null {
    const draw = this.#draw;
    for (let tries = 0; tries < 8; tries++) {
      const made = depth > 0 && draw.chance(0.25) ? this.#arithmetic(depth - 1) : draw.chance(0.08) ? this.#length() : this.#place();
      if (made !== null && types.includes(made.type)) return made;
    }
    return null;
  }

  /** A field, an element or a path. */
  #place(): Term | null {
    const draw = this.#draw;
    const field = draw.pick(this.#fields);
    const { name, type } = field;
    if (type === 'JSON') return this.#path(field);
    if (type === 'Array') {
      const index = draw.below(draw.chance(0.8) ? 3 : 9);
      const of = (row: Row): Cell => {
        const list = row.get(name) as readonly Json[] | null;
        return list === null ? null : index < list.length ? list[index] : MISSING;
      };
      return { text: `${name}[${index}]`, power: POWER.atom, type: typeOf(field.elementType as string), of, isThere: [isThere(of)] };
    }
    return { text: name, power: POWER.atom, type: typeOf(type), of: (row) => row.get(name) as Cell, isThere: [] };
  }

  #path(field: Field): Term {
    const draw = this.#draw;
    const { name } = field;
    // Where a row has something, mostly.
    let value = draw.pick(this.#rows).get(name) ?? null;
    let path: (string | number)[] = [];
    const steps = draw.below(4);
    for (let i = 0; i < steps || (path.length === 0 && name === DYNAMIC); i++) {
      const keys = typeof value !== 'object' || value === null ? [] : Array.isArray(value) ? [...value.keys()] : Object.keys(value);
      const step: string | number = keys.length === 0 || draw.chance(0.1) ? (draw.chance(0.8) ? draw.pick(KEYS) : draw.below(3)) : draw.pick<string | number>(keys);
      if (path.length === 0 && name === DYNAMIC && typeof step === 'number') continue;
      path = [...path, step];
      value = typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? (value as Record<string | number, Json>)[step] : null;
    }
    const first = path[0];
    const canStandAlone = name === DYNAMIC && typeof first === 'string' && /^[\p{L}_]+$/u.test(first) && !this.#fields.some((other) => other.name === first);
    const isAlone = canStandAlone && draw.chance(0.7);
    const text = (isAlone ? (first as string) : name) + path.slice(isAlone ? 1 : 0).map((step) => (typeof step === 'number' ? `[${step}]` : `[${this.#quoted(step)}]`)).join('');
    const of = (row: Row): Cell => {
      const whole = row.get(name) as Json;
      return whole === null ? null : at(whole, path);
    };
    return { text, power: POWER.atom, type: 'json', of, isThere: [] };
  }

  #length(): Term | null {
    const list = this.#place();
    const field = this.#draw.pick(this.#fields);
    if (field.type === 'Array') {
      const of = (row: Row): Cell => {
        const elements = row.get(field.name) as readonly Json[] | null;
        return elements === null ? null : BigInt(elements.length);
      };
      return { text: `${this.#draw.pick(['array_length', 'ARRAY_LENGTH'])}(${field.name})`, power: POWER.atom, type: 'int', of, isThere: [] };
    }
    if (list === null || list.type !== 'json') return null;
    const of = (row: Row): Cell => {
      const cell = list.of(row);
      return cell === null ? null : Array.isArray(cell) ? BigInt(cell.length) : MISSING;
    };
    return { text: `array_length(${list.text})`, power: POWER.atom, type: 'int', of, isThere: [isThere(of)] };
  }

  #arithmetic(depth: number): Term | null {
    const draw = this.#draw;
    const numbers = ['int', 'float', 'json'] as const;
    const left = this.#term(numbers, depth);
    if (left === null) return null;
    if (draw.chance(0.1)) {
      const sign = left.type === 'int' ? draw.pick(['-', '~', '+'] as const) : draw.pick(['-', '+'] as const);
      const of = (row: Row): Cell => {
        const cell = left.of(row);
        if (sign === '~') return calculate('^', cell, -1n);
        if (sign === '+') return cell;
        // A double keeps the sign of its 0.
        return typeof cell === 'number' ? -cell : calculate('-', 0n, cell);
      };
      // A plus before something is nothing, and so no arithmetic of JSON.
      if (sign === '+' && left.type === 'json') return null;
      return { text: `${sign}${this.#within(left, POWER.atom)}`, power: POWER.unary, type: left.type, of, isThere: left.isThere };
    }
    const operators: readonly Arithmetic[] = left.type === 'float' ? ['+', '-', '*', '/'] : ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'];
    const operator = draw.pick(operators);
    const power = POWER[operator];
    const isForIntegers = '%&|^<<>>'.includes(operator);
    const right = draw.chance(0.4) ? this.#term(isForIntegers ? ['int', 'json'] : numbers, depth) : null;
    if (right !== null) {
      if (this.#mixes(left, right)) return null;
      const type = left.type === 'json' || right.type === 'json' ? 'json' : left.type === 'float' || right.type === 'float' ? 'float' : 'int';
      const text = `${this.#within(left, power)} ${operator} ${this.#within(right, power + 1)}`;
      return { text, power, type, of: (row) => calculate(operator, left.of(row), right.of(row)), isThere: [...left.isThere, ...right.isThere] };
    }
    let literal: bigint | number = isForIntegers || draw.chance(0.6) ? randomInteger(draw, 64) : randomDouble(draw);
    if (operator === '<<' || operator === '>>') literal = BigInt(draw.below(64));
    // A constant 0 is no divisor.
    if ((operator === '/' || operator === '%') && Number(literal) === 0) literal = 2n;
    const type = left.type === 'json' ? 'json' : left.type === 'float' || typeof literal === 'number' ? 'float' : 'int';
    const isFirst = operator !== '/' && operator !== '%' && operator !== '<<' && operator !== '>>' && draw.chance(0.3);
    const text = isFirst ? `${this.#literal(literal)} ${operator} ${this.#within(left, power + 1)}` : `${this.#within(left, power)} ${operator} ${this.#literal(literal)}`;
    return { text, power, type, of: (row) => (isFirst ? calculate(operator, literal, left.of(row)) : calculate(operator, left.of(row), literal)), isThere: left.isThere };
  }

  /** Whether, of a row, one is unknown and the other missing: what that comes to, nobody says. */
  #mixes(left: Term, right: Term): boolean {
    return this.#rows.some((row) => {
      const cells = [left.of(row), right.of(row)];
      return cells.includes(null) && cells.includes(MISSING);
    });
  }

  // Literals

  /** A value to compare with: what a row has, or near to it. null: there is none of its kind. */
  #near(term: Term): Exclude<Json, null | readonly Json[] | { readonly [key: string]: Json }> | null {
    const draw = this.#draw;
    const cell = draw.chance(0.7) ? term.of(draw.pick(this.#rows)) : null;
    const numbers = term.type === 'int' || term.type === 'float';
    if (typeof cell === 'bigint') {
      const moved = cell + BigInt(draw.below(3) - 1);
      return draw.chance(0.15) ? finite(Number(cell) + draw.pick([0, 0.5, -0.5])) : BigInt.asIntN(64, moved) === moved ? moved : cell;
    }
    if (typeof cell === 'number' && Number.isFinite(cell)) return draw.chance(0.2) && Math.abs(cell) < 2 ** 62 ? BigInt(Math.trunc(cell)) : finite(cell + draw.pick([0, 0, 0, 0.5, -1]));
    if (typeof cell === 'string') return draw.chance(0.8) ? cell : randomText(draw);
    if (typeof cell === 'boolean') return cell;
    if (numbers) return draw.chance(0.5) ? randomInteger(draw, 64) : randomDouble(draw);
    if (term.type === 'text') return randomText(draw);
    if (term.type === 'bool') return draw.chance(0.5);
    return randomScalar(draw, draw.pick(['Bool', 'Int8', 'Int64', 'Double', 'VarChar'] as const)) as bigint;
  }

  /** How a value is written, or a template of it. */
  #literal(value: Json): string {
    const draw = this.#draw;
    if (draw.chance(0.12) && (!Array.isArray(value) || value.every((element) => !Array.isArray(element)))) {
      const given = (element: Json): unknown => (typeof element === 'bigint' && Number.isSafeInteger(Number(element)) && draw.chance(0.5) ? Number(element) : element);
      const name = `t${Object.keys(this.templates).length}`;
      // A whole double within 2^53 would be an integer.
      const isKept = (element: Json): boolean => typeof element !== 'number' || !Number.isSafeInteger(element);
      if (Array.isArray(value) ? value.every(isKept) : isKept(value)) {
        this.templates[name] = Array.isArray(value) ? value.map(given) : given(value);
        return `{${name}}`;
      }
    }
    if (Array.isArray(value)) return `[${value.map((element) => this.#literal(element)).join(draw.pick([', ', ',']))}${value.length > 0 && draw.chance(0.1) ? ',' : ''}]`;
    if (typeof value === 'string') return this.#quoted(value);
    if (typeof value === 'boolean') return draw.pick(value ? ['true', 'True', 'TRUE'] : ['false', 'False', 'FALSE']);
    if (typeof value === 'bigint') {
      const size = value < 0n ? -value : value;
      const digits = draw.chance(0.85) || size === 0n ? String(size) : draw.pick([`0x${size.toString(16)}`, `0${size.toString(8)}`, `0b${size.toString(2)}`]);
      return value < 0n ? `-${digits}` : digits;
    }
    const text = Object.is(value, -0) ? '-0' : String(value);
    return /[.e]/.test(text) ? text : `${text}.0`;
  }

  #quoted(text: string): string {
    const draw = this.#draw;
    const mark = draw.pick(['"', "'"]);
    let out = mark;
    for (const character of text) {
      const point = character.codePointAt(0) as number;
      if (character === mark || character === '\\') out += `\\${character}`;
      else if (character === '\n') out += '\\n';
      else if (draw.chance(0.05)) out += point > 0xffff ? `\\U${point.toString(16).padStart(8, '0')}` : `\\u${point.toString(16).padStart(4, '0')}`;
      else out += character;
    }
    return out + mark;
  }

  // Conditions

  #compareConstant(): Condition | null {
    const draw = this.#draw;
    const term = this.#term(['int', 'float', 'text', 'bool', 'json'], 2);
    if (term === null) return null;
    const value = this.#near(term);
    if (value === null || (isCalculated(term) && !isNumber(value))) return null;
    const operator = draw.pick(typeof value === 'boolean' ? (['==', '!='] as const) : [...ORDERS, '==', '!=', '=='] as const);
    return this.#comparison(term, operator, value);
  }

  #comparison(term: Term, operator: Comparison, value: Json): Condition {
    const isFlipped = this.#draw.chance(0.2);
    const power = ORDERS.includes(operator) ? POWER.order : POWER.equality;
    const own = this.#within(term, power + 1);
    const literal = this.#literal(value);
    const text = isFlipped ? `${literal} ${FLIPPED[operator]} ${own}` : `${own} ${operator} ${literal}`;
    return this.#leaf(text, power, comparing(term, operator, value));
  }

  #compareTerms(): Condition | null {
    const draw = this.#draw;
    const left = this.#term(['int', 'float', 'text', 'bool'], 2);
    if (left === null) return null;
    const right = this.#term(left.type === 'text' || left.type === 'bool' ? [left.type] : ['int', 'float'], 2);
    if (right === null) return null;
    if (this.#mixes(left, right)) return null;
    const operator = draw.pick(left.type === 'bool' ? (['==', '!='] as const) : [...ORDERS, '==', '!='] as const);
    const power = ORDERS.includes(operator) ? POWER.order : POWER.equality;
    const guards = operator === '!=' ? [...left.isThere, ...right.isThere] : [];
    return this.#leaf(`${this.#within(left, power + 1)} ${operator} ${this.#within(right, power + 1)}`, power, (row) => and([...guards.map((guard) => guard(row)), compare(operator, left.of(row), right.of(row))]));
  }

  /** `low < x < high`, the same from above, `between` and `not between`. */
  #range(): Condition | null {
    const draw = this.#draw;
    const term = this.#term(['int', 'float', 'text', 'json'], 1);
    if (term === null) return null;
    const bounds = [this.#near(term), this.#near(term)];
    const areOrdered = bounds.every((bound) => isNumber(bound)) || bounds.every((bound) => typeof bound === 'string');
    if (!areOrdered || (isCalculated(term) && !isNumber(bounds[0]))) return null;
    bounds.sort((a, b) => order(a as Cell, b as Cell, true));
    const [low, high] = bounds as [Json, Json];
    const isPoint = order(low, high, true) === 0;
    const isBetween = draw.chance(0.4);
    const includesLow = isPoint || isBetween || draw.chance(0.5);
    const includesHigh = isPoint || isBetween || draw.chance(0.5);
    const truths = [comparing(term, includesLow ? '>=' : '>', low), comparing(term, includesHigh ? '<=' : '<', high)];
    const truth = (row: Row): Truth => and(truths.map((each) => each(row)));
    const [least, most] = [this.#literal(low), this.#literal(high)];
    if (isBetween) {
      const isNegated = draw.chance(0.3);
      return this.#leaf(`${this.#within(term, POWER.between + 1)} ${isNegated ? 'not ' : ''}between ${least} and ${most}`, POWER.between, isNegated ? (row) => not(truth(row)) : truth);
    }
    const own = this.#within(term, POWER.order + 1);
    const [below, above] = [includesLow ? '=' : '', includesHigh ? '=' : ''];
    return this.#leaf(draw.chance(0.5) ? `${least} <${below} ${own} <${above} ${most}` : `${most} >${above} ${own} >${below} ${least}`, POWER.order, truth);
  }

  #in(): Condition | null {
    const draw = this.#draw;
    const term = this.#term(['int', 'float', 'text', 'bool', 'json'], 1);
    if (term === null) return null;
    const values = draw.some(0, 5, () => this.#near(term)).filter((value): value is NonNullable<typeof value> => value !== null && (!isCalculated(term) || isNumber(value)));
    const isNegated = draw.chance(0.4);
    const text = `${this.#within(term, POWER.in + 1)} ${isNegated ? draw.pick(['not in', 'NOT IN']) : draw.pick(['in', 'IN'])} ${this.#literal(values)}`;
    // Of no values it is the same for every row.
    if (values.length === 0) return this.#leaf(text, POWER.in, () => isNegated);
    const equals = values.map((value) => comparing(term, '==', value));
    return this.#leaf(text, POWER.in, (row) => {
      const found = or(equals.map((each) => each(row)));
      return isNegated ? and([...term.isThere.map((guard) => guard(row)), not(found)]) : found;
    });
  }

  #match(): Condition | null {
    const draw = this.#draw;
    const term = this.#place();
    if (term === null || (term.type !== 'text' && term.type !== 'json')) return null;
    const cell = term.of(draw.pick(this.#rows));
    const sample = [...(typeof cell === 'string' && draw.chance(0.9) ? cell : randomText(draw))];
    const on = (test: (text: string) => boolean) => (row: Row): Truth => {
      const value = term.of(row);
      return value === null ? null : typeof value === 'string' && test(value);
    };
    if (draw.chance(0.5)) {
      const pattern = this.#likePattern(sample);
      const isNegated = draw.chance(0.2);
      const truth = on((text) => plainLike(pattern, text));
      const text = `${term.text} ${isNegated ? 'not ' : ''}${draw.pick(['like', 'LIKE', 'like'])} ${this.#literal(pattern)}`;
      return this.#leaf(text.replace(' not LIKE', ' NOT LIKE'), POWER.like, isNegated ? (row) => not(truth(row)) : truth);
    }
    const [source, platform] = this.#regexSource(sample);
    const isNegated = draw.chance(0.4);
    const truth = on((text) => platform.test(text));
    return this.#leaf(`${term.text} ${isNegated ? '!~' : '=~'} ${this.#literal(source)}`, POWER.like, isNegated ? (row) => and([...term.isThere.map((guard) => guard(row)), not(truth(row))]) : truth);
  }

  /** A pattern made from a text: some characters are left out or may be others. */
  #likePattern(sample: readonly string[]): string {
    const draw = this.#draw;
    let pattern = draw.chance(0.4) ? '%' : '';
    for (const character of sample) {
      if (draw.chance(0.1)) pattern += '%';
      if (draw.chance(0.15)) continue;
      pattern += draw.chance(0.15) ? '_' : /[%_\\]/.test(character) || draw.chance(0.03) ? `\\${character}` : character;
    }
    return draw.chance(0.4) ? `${pattern}%` : pattern;
  }

  #regexSource(sample: readonly string[]): [string, RegExp] {
    const draw = this.#draw;
    let ours = draw.chance(0.3) ? '^' : '';
    let theirs = ours;
    // Few parts: the platform's expressions take long where many of them may be of any length.
    for (const character of sample.slice(draw.below(3), draw.below(6) + 1)) {
      const literal = escaped(character);
      const [a, b] = draw.weighted<[string, string]>([
        [6, [literal, literal]],
        [1, ['.', '[^\\n]']],
        [1, ['.*', '[^\\n]*']],
        [1, [`(?:${literal}|x)`, `(?:${literal}|x)`]],
        [1, [`[^${literal}]?`, `[^${literal}]?`]],
        [1, [`${literal}+`, `${literal}+`]],
        [1, ['\\b', '\\b']],
      ]);
      ours += a;
      theirs += b;
    }
    if (draw.chance(0.3)) {
      ours += '$';
      theirs += '$';
    }
    const anyCase = draw.chance(0.2);
    return [anyCase ? `(?i)${ours}` : ours, new RegExp(theirs, anyCase ? 'iu' : 'u')];
  }

  #isNull(): Condition | null {
    const draw = this.#draw;
    const isNegated = draw.chance(0.5);
    const words = draw.pick(isNegated ? ['is not null', 'IS NOT NULL'] : ['is null', 'IS NULL', 'is  null']);
    const field = draw.pick(this.#fields);
    if (field.type !== 'JSON') return this.#leaf(`${field.name} ${words}`, POWER.is, (row) => (row.get(field.name) === null) !== isNegated);
    const path = this.#path(field);
    return this.#leaf(`${path.text} ${words}`, POWER.is, (row) => {
      const cell = path.of(row);
      return (cell === null || cell === MISSING) !== isNegated;
    });
  }

  #exists(): Condition | null {
    const field = this.#draw.pick(this.#fields);
    if (field.type !== 'JSON') return null;
    const path = this.#path(field);
    if (path.text === field.name) return null;
    return this.#leaf(`${this.#draw.pick(['exists', 'EXISTS'])} ${path.text}`, POWER.is, (row) => {
      const cell = path.of(row);
      return cell === null ? null : cell !== MISSING;
    });
  }

  /** An Array field, or something of JSON that some rows have an array at; what its elements are. */
  #list(): { readonly text: string; readonly field: Field | null; of(row: Row): Cell } | null {
    const draw = this.#draw;
    const field = draw.pick(this.#fields);
    if (field.type === 'Array') return { text: field.name, field, of: (row) => row.get(field.name) as Cell };
    if (field.type !== 'JSON') return null;
    let path = this.#path(field);
    for (let tries = 0; tries < 5 && !this.#rows.some((row) => Array.isArray(path.of(row))); tries++) path = this.#path(field);
    return { text: path.text, field: null, of: path.of };
  }

  /** What an element of the list may be compared with. */
  #elementNear(list: { readonly field: Field | null; of(row: Row): Cell }): Json {
    const draw = this.#draw;
    const cell = list.of(draw.pick(this.#rows));
    const element = Array.isArray(cell) && cell.length > 0 && draw.chance(0.8) ? (draw.pick(cell) as Json) : null;
    if (list.field !== null) {
      const type = list.field.elementType as never;
      if (element === null) return bitsOf(type) !== undefined ? randomInteger(draw, 64) : randomScalar(draw, type);
      return element;
    }
    if (element === null || hasNoLiteral(element)) return randomScalar(draw, draw.pick(['Bool', 'Int8', 'Double', 'VarChar'] as const));
    return element;
  }

  #contains(): Condition | null {
    const draw = this.#draw;
    const list = this.#list();
    if (list === null) return null;
    const kind = draw.pick(['', '_all', '_any'] as const);
    const name = `${draw.pick(['json_contains', 'array_contains'])}${kind}`;
    const values = kind === '' ? [this.#elementNear(list)] : draw.some(0, 4, () => this.#elementNear(list));
    const argument = this.#literal(kind === '' ? values[0] : values);
    return this.#leaf(`${draw.chance(0.9) ? name : name.toUpperCase()}(${list.text}, ${argument})`, POWER.atom, (row) => {
      const cell = list.of(row);
      if (cell === null) return null;
      if (!Array.isArray(cell)) return false;
      const isIn = (value: Json): boolean => cell.some((element) => (list.field === null ? isEqual(element, value) : order(element, value, true) === 0));
      return kind === '_all' ? values.every(isIn) : values.some(isIn);
    });
  }

  #compareList(): Condition | null {
    const draw = this.#draw;
    const list = this.#list();
    if (list === null) return null;
    const cell = list.of(draw.pick(this.#rows));
    const values: readonly Json[] = Array.isArray(cell) && !cell.some(hasNoLiteral) && draw.chance(0.8) ? (cell as readonly Json[]) : draw.some(0, 3, () => this.#elementNear(list));
    const isNegated = draw.chance(0.4);
    return this.#leaf(`${list.text} ${isNegated ? '!=' : '=='} ${this.#literal(values)}`, POWER.equality, (row) => {
      const own = list.of(row);
      if (own === null) return null;
      return (Array.isArray(own) && own.length === values.length && own.every((element, i) => isEqual(element as Json, values[i]))) !== isNegated;
    });
  }
}

const isThere = (of: (row: Row) => Cell) => (row: Row): Truth => {
  const cell = of(row);
  return cell === null ? null : cell !== MISSING;
};

const isCalculated = (term: Term): boolean => term.power < POWER.atom;

function comparing(term: Term, operator: Comparison, value: Json): (row: Row) => Truth {
  const guards = operator === '!=' ? term.isThere : [];
  // A column of integers is compared with a fraction exactly; JSON and doubles are compared as doubles.
  return (row) => and([...guards.map((guard) => guard(row)), compare(operator, term.of(row), value, term.type === 'int')]);
}

function typeOf(type: string): Term['type'] {
  if (type === 'VarChar') return 'text';
  if (type === 'Bool') return 'bool';
  return type === 'Float' || type === 'Double' ? 'float' : 'int';
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0.5);

/** Objects and null cannot be written in a filter. */
const hasNoLiteral = (value: Json | Cell): boolean => value === null || (Array.isArray(value) ? value.some(hasNoLiteral) : typeof value === 'object');

/** As a regular expression, of ours and of the platform: that character. */
const escaped = (character: string): string => (/[\^$\\.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character);
