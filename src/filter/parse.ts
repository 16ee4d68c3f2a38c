/**
 * From tokens to nodes: a Pratt parser with Milvus's precedence. Two things are ours: `not` reaches over a comparison where what
 * stands right behind it is no condition (`not a == 1`), and `between`, `not like` and `not between` are read.
 *
 * A parser's recursion and a tree's depth are bounded by MAX_DEPTH; `a and b and c ...` is one node however long it is.
 */
import { FUNCTIONS, type FunctionName, type Node, type NodeKind, UNSUPPORTED_FUNCTIONS, isCondition } from './ast.ts';
import { type Span, badSyntax, quoted, unsupported } from './errors.ts';
import { INT64_LIMIT } from './numbers.ts';
import type { ArithmeticOperator, ComparisonOperator } from './predicate.ts';
import { type Token, describe, scan } from './tokens.ts';

export const MAX_DEPTH = 200;
/** Values in one list. */
export const MAX_LIST = 100_000;

/** How tightly each operator binds. A prefix operator reads its operand with the power of `unary`. */
const POWER = {
  or: 1, and: 2, '|': 3, '^': 4, '&': 5, '==': 6, '!=': 6, '<': 7, '<=': 7, '>': 7, '>=': 7, between: 8, in: 9,
  '<<': 10, '>>': 10, '+': 11, '-': 11, '*': 12, '/': 12, '%': 12, unary: 13, '**': 14, like: 15, '=~': 15, '!~': 15, is: 16,
} as const;

type Infix = Exclude<keyof typeof POWER, 'unary'>;

/** Where a value is expected, all other words are names: a field may be called `like`. */
const WORDS = ['and', 'or', 'not', 'true', 'false', 'null', 'in', 'like', 'exists', 'is', 'between', 'iso', 'interval', ...Object.keys(FUNCTIONS), ...UNSUPPORTED_FUNCTIONS];
/** What a word or a sign means. Words are written all lower or all upper case. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ...WORDS.flatMap((word): [string, string][] => [[word, word], [word.toUpperCase(), word]]),
  ['True', 'true'], ['False', 'false'], ['&&', 'and'], ['||', 'or'], ['!', 'not'],
]);

/** null: the text is empty, and so every row matches. */
export function parse(text: string): Node | null {
  return new Parser(text).filter();
}

class Parser {
  readonly #text: string;
  #token: Token;
  /** Offset behind the last token that was taken. */
  #end = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#token = scan(text, 0);
  }

  filter(): Node | null {
    const isEmpty = this.#token.kind === 'end';
    if (isEmpty) return null;
    const node = this.#expression(0);
    if (this.#token.kind !== 'end') badSyntax(this.#token, 'an operator or the end of the text', describe(this.#token), this.#afterValue());
    return node;
  }

  /** A sentence of its own for a word like `And`. */
  #afterValue(): string | undefined {
    const { kind, value } = this.#token;
    if (kind !== 'word' || SPELLINGS.has(value) || !SPELLINGS.has(value.toLowerCase())) return undefined;
    return `expected an operator, got ${quoted(value)}; words of the language are written in lower or in upper case: ${value.toLowerCase()} or ${value.toUpperCase()}`;
  }

  #advance(): Token {
    const token = this.#token;
    this.#end = token.to;
    this.#token = scan(this.#text, token.to);
    return token;
  }

  /** What the token means as a part of the language; empty for values and names. */
  #meaning(): string {
    const { kind, value } = this.#token;
    if (kind === 'word') return SPELLINGS.get(value) ?? '';
    return kind === 'symbol' ? (SPELLINGS.get(value) ?? value) : '';
  }

  #take(meaning: string): boolean {
    if (this.#meaning() !== meaning) return false;
    this.#advance();
    return true;
  }

  #expect(meaning: string, expected: string): void {
    if (!this.#take(meaning)) badSyntax(this.#token, expected, describe(this.#token), this.#afterValue());
  }

  /** Makes a node of `kind`, which ends where the last token did. */
  #node(from: number, children: readonly Node[], kind: NodeKind): Node {
    let depth = 0;
    for (const child of children) if (child.depth > depth) depth = child.depth;
    if (depth >= MAX_DEPTH) tooDeep({ from, to: this.#end });
    // Added, not spread into a copy: copies took most of the time of parsing.
    const node = kind as NodeKind & { from?: number; to?: number; depth?: number };
    node.from = from;
    node.to = this.#end;
    node.depth = depth + 1;
    return node as Node;
  }

  #expression(min: number): Node {
    if (++this.#depth > MAX_DEPTH) tooDeep(this.#token);
    const from = this.#token.from;
    const node = this.#operators(from, this.#operand(), min);
    this.#depth--;
    return node;
  }

  /** Operators behind `left` that bind at least as tightly as `min`. `from`: where `left` begins, with its parentheses. */
  #operators(from: number, left: Node, min: number): Node {
    for (;;) {
      const start = this.#token;
      const meaning = this.#meaning();
      let isNegated = false;
      let infix = meaning as Infix;
      if (meaning === 'not' && start.kind === 'word') {
        infix = this.#behindNot();
        isNegated = true;
      }
      if (!Object.hasOwn(POWER, infix) || POWER[infix] < min) return left;
      this.#advance();
      if (isNegated) this.#advance();
      left = this.#infix(from, left, infix, isNegated);
    }
  }

  /** The operator that `not` in front of it negates. */
  #behindNot(): Infix {
    const next = scan(this.#text, this.#token.to);
    const meaning = next.kind === 'word' ? SPELLINGS.get(next.value) : undefined;
    if (meaning === 'in' || meaning === 'like' || meaning === 'between') return meaning;
    badSyntax(this.#token, 'an operator or the end of the text', describe(this.#token), `expected an operator, got ${quoted(String(this.#token.value))}; behind a value it stands only before in, like and between`);
  }

  #infix(from: number, left: Node, infix: Infix, isNegated: boolean): Node {
    const negated = (node: Node): Node => (isNegated ? this.#node(from, [node], { kind: 'not', operand: node }) : node);
    switch (infix) {
      case 'and':
      case 'or': {
        const parts = [left];
        do parts.push(this.#expression(POWER[infix] + 1));
        while (this.#take(infix));
        return this.#node(from, parts, { kind: infix, parts });
      }
      case 'is': {
        const hasNot = this.#meaning() === 'not' && this.#token.kind === 'word';
        if (hasNot) this.#advance();
        this.#expect('null', hasNot ? '"null"' : '"null" or "not null"');
        return this.#node(from, [left], { kind: 'isNull', operand: left, isNegated: hasNot });
      }
      case 'between': {
        const low = this.#expression(POWER.between + 1);
        this.#expect('and', '"and" and the upper bound');
        const high = this.#expression(POWER.between + 1);
        return negated(this.#node(from, [left, low, high], { kind: 'between', value: left, low, high, includesLow: true, includesHigh: true }));
      }
      case 'in': {
        const list = this.#expression(POWER.in + 1);
        return this.#node(from, [left, list], { kind: 'in', value: left, list, isNegated });
      }
      case 'like': {
        const pattern = this.#expression(POWER.like + 1);
        return negated(this.#node(from, [left, pattern], { kind: 'like', value: left, pattern }));
      }
      case '=~':
      case '!~': {
        const pattern = this.#expression(POWER.like + 1);
        return this.#node(from, [left, pattern], { kind: 'regex', value: left, pattern, isNegated: infix === '!~' });
      }
      case '<':
      case '<=':
      case '>':
      case '>=':
        return this.#comparison(from, left, infix);
      case '==':
      case '!=': {
        const right = this.#expression(POWER[infix] + 1);
        return this.#node(from, [left, right], { kind: 'compare', operator: infix, left, right });
      }
      default: {
        const right = this.#expression(POWER[infix] + 1);
        return this.#node(from, [left, right], { kind: 'binary', operator: infix satisfies ArithmeticOperator | '**', left, right });
      }
    }
  }

  /** `a < b`, or a chain of two in one direction. */
  #comparison(from: number, left: Node, operator: '<' | '<=' | '>' | '>='): Node {
    const middle = this.#expression(POWER['<'] + 1);
    const second = this.#meaning();
    const isUp = operator[0] === '<';
    if (second !== operator[0] && second !== `${operator[0]}=`) {
      return this.#node(from, [left, middle], { kind: 'compare', operator: operator satisfies ComparisonOperator, left, right: middle });
    }
    this.#advance();
    const right = this.#expression(POWER['<'] + 1);
    const includes = [operator.length > 1, second.length > 1];
    return this.#node(from, [left, middle, right], {
      kind: 'between',
      value: middle,
      low: isUp ? left : right,
      high: isUp ? right : left,
      includesLow: includes[isUp ? 0 : 1],
      includesHigh: includes[isUp ? 1 : 0],
    });
  }

  #operand(): Node {
    const token = this.#token;
    const { from } = token;
    switch (token.kind) {
      case 'int':
        if (token.value === INT64_LIMIT) badSyntax(token, 'an integer of 64 bits', String(token.value));
        break;
      case 'word':
        return this.#word(token);
      case 'symbol':
        return this.#symbol(token);
      case 'end':
        badSyntax(token, 'a value', describe(token));
    }
    this.#advance();
    return this.#node(from, [], { kind: 'constant', value: token.value });
  }

  #symbol(token: Token): Node {
    const { from } = token;
    switch (token.value) {
      case '(': {
        this.#advance();
        const inside = this.#expression(0);
        this.#expect(')', '")"');
        return inside;
      }
      case '[':
        this.#advance();
        return this.#list(from);
      case '{':
        this.#advance();
        return this.#template(from);
      case '!':
        return this.#not();
      case '+':
      case '-':
      case '~': {
        this.#advance();
        // The one integer whose magnitude is not one.
        if (token.value === '-' && this.#token.value === INT64_LIMIT) {
          this.#advance();
          return this.#node(from, [], { kind: 'constant', value: -INT64_LIMIT });
        }
        const operand = this.#expression(POWER.unary);
        return this.#node(from, [operand], { kind: 'unary', operator: token.value, operand });
      }
      default:
        badSyntax(token, 'a value', describe(token));
    }
  }

  #not(): Node {
    const { from } = this.#advance();
    const start = this.#token.from;
    let operand = this.#expression(POWER.unary);
    if (!isCondition(operand)) operand = this.#operators(start, operand, POWER.and + 1);
    return this.#node(from, [operand], { kind: 'not', operand });
  }

  #list(from: number): Node {
    const items: Node[] = [];
    while (!this.#take(']')) {
      if (items.length === MAX_LIST) badSyntax(this.#token, `at most ${MAX_LIST} values in a list`, 'more');
      items.push(this.#expression(0));
      if (this.#meaning() !== ']') this.#expect(',', '"," or "]"');
    }
    return this.#node(from, items, { kind: 'list', items });
  }

  #template(from: number): Node {
    const token = this.#token;
    if (token.kind !== 'word') badSyntax(token, 'the name of a template', describe(token));
    this.#advance();
    this.#expect('}', '"}"');
    return this.#node(from, [], { kind: 'template', name: token.value });
  }

  #word(token: Token & { value: string }): Node {
    const { from, value } = token;
    const meaning = SPELLINGS.get(value) ?? '';
    switch (meaning) {
      case 'true':
      case 'false':
        this.#advance();
        return this.#node(from, [], { kind: 'constant', value: meaning === 'true' });
      case 'not':
        return this.#not();
      case 'null':
        badSyntax(token, 'a value', describe(token), 'null is no value to compare with; write "is null" or "is not null"');
      case 'and':
      case 'or':
        badSyntax(token, 'a value', describe(token));
    }
    this.#advance();
    const next = this.#token;
    if (meaning === 'exists' && (next.kind === 'word' || next.value === '(')) {
      const operand = this.#expression(POWER.is + 1);
      return this.#node(from, [operand], { kind: 'exists', operand });
    }
    if (next.kind === 'string' && (meaning === 'iso' || meaning === 'interval')) unsupported({ from, to: next.to }, 'comparing times');
    if (this.#meaning() === '(') return this.#call(token, meaning);
    return this.#node(from, [], { kind: 'reference', name: value, path: this.#path() });
  }

  /** Keys and positions in brackets. */
  #path(): (string | number)[] {
    const path: (string | number)[] = [];
    while (this.#take('[')) {
      const token = this.#token;
      if (token.kind === 'word') unsupported(token, 'a field of a struct');
      if (token.kind !== 'string' && (token.kind !== 'int' || token.value > 0x7fffffffn)) badSyntax(token, 'a key in quotes or a position from 0', describe(token));
      if (path.length === MAX_DEPTH) tooDeep(token);
      path.push(token.kind === 'string' ? token.value : Number(token.value));
      this.#advance();
      this.#expect(']', '"]"');
    }
    return path;
  }

  #call(token: Token & { value: string }, meaning: string): Node {
    if (UNSUPPORTED_FUNCTIONS.has(meaning)) unsupported(token, meaning);
    if (!Object.hasOwn(FUNCTIONS, meaning)) {
      badSyntax(token, `one of ${Object.keys(FUNCTIONS).join(', ')}`, quoted(token.value), `there is no function ${quoted(token.value)}; the functions are ${Object.keys(FUNCTIONS).join(', ')}`);
    }
    const name = meaning as FunctionName;
    const count = FUNCTIONS[name];
    this.#advance();
    const args: Node[] = [];
    while (this.#meaning() !== ')') {
      if (args.length > 0) this.#expect(',', '"," or ")"');
      if (args.length === count) badSyntax(this.#token, '")"', describe(this.#token), `${name} takes ${arguments_(count)}, got more`);
      args.push(this.#expression(0));
    }
    if (args.length < count) badSyntax(this.#token, arguments_(count), String(args.length), `${name} takes ${arguments_(count)}, got ${args.length}`);
    this.#advance();
    return this.#node(token.from, args, { kind: 'call', name, args });
  }
}

const arguments_ = (count: number): string => (count === 1 ? '1 argument' : `${count} arguments`);

function tooDeep(span: Span): never {
  badSyntax(span, `at most ${MAX_DEPTH} levels`, 'more', `the filter is nested deeper than ${MAX_DEPTH} levels`);
}
