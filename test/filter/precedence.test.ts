/**
 * Precedence against a reference that does not parse: random trees are written with as few parentheses as Milvus's table allows, and
 * read back. What is written with all parentheses must give the same tree.
 */
import { describe, expect, it } from 'vitest';
import type { Node } from '../../src/filter/ast.ts';
import { parse } from '../../src/filter/parse.ts';
import { random } from '../support/random.ts';

/** From tight to loose, as Milvus's grammar lists its alternatives. */
const TABLE: readonly (readonly string[])[] = [['like', '=~', '!~'], ['**'], ['unary'], ['*', '/', '%'], ['+', '-'], ['<<', '>>'], ['in', 'not in'], ['between'], ['<', '<=', '>', '>='], ['==', '!='], ['&'], ['^'], ['|'], ['and'], ['or']];
const rankOf = (operator: string): number => TABLE.length - TABLE.findIndex((row) => row.includes(operator));
const UNARY = rankOf('unary');

type Tree = { readonly leaf: string } | { readonly operator: string; readonly parts: readonly Tree[] };

/** Fully parenthesised; also how a node is shown. */
const full = (tree: Tree): string => {
  if ('leaf' in tree) return tree.leaf;
  const { operator, parts } = tree;
  if (parts.length === 1) return `(${operator} ${full(parts[0])})`;
  if (operator === 'between') return `(${full(parts[0])} between ${full(parts[1])} and ${full(parts[2])})`;
  return `(${parts.map(full).join(` ${operator} `)})`;
};

/** Parentheses only where `least`, the loosest operator that may stand here, asks for them. */
function minimal(tree: Tree, least: number): string {
  if ('leaf' in tree) return tree.leaf;
  const { operator, parts } = tree;
  let text: string;
  let rank = rankOf(operator);
  if (parts.length === 1) {
    rank = UNARY;
    text = `${operator} ${minimal(parts[0], UNARY)}`;
  } else if (operator === 'between') {
    text = `${minimal(parts[0], rank + 1)} between ${minimal(parts[1], rank + 1)} and ${minimal(parts[2], rank + 1)}`;
  } else if (operator === 'and' || operator === 'or') {
    text = parts.map((part) => minimal(part, rank + 1)).join(` ${operator} `);
  } else {
    // All of one row associate to the left, but a chain of comparisons is something else.
    text = `${minimal(parts[0], operator[0] === '<' && operator[1] !== '<' || operator[0] === '>' && operator[1] !== '>' ? rank + 1 : rank)} ${operator} ${minimal(parts[1], rank + 1)}`;
  }
  return rank < least ? `(${text})` : text;
}

function show(node: Node): string {
  switch (node.kind) {
    case 'constant':
      return String(node.value);
    case 'reference':
      return node.name;
    case 'list':
      return `[${node.items.map(show).join(', ')}]`;
    case 'unary':
    case 'not':
      return `(${node.kind === 'not' ? 'not' : node.operator} ${show(node.operand)})`;
    case 'binary':
    case 'compare':
      return `(${show(node.left)} ${node.operator} ${show(node.right)})`;
    case 'between':
      return `(${show(node.value)} between ${show(node.low)} and ${show(node.high)})`;
    case 'in':
      return `(${show(node.value)} ${node.isNegated ? 'not in' : 'in'} ${show(node.list)})`;
    case 'like':
      return `(${show(node.value)} like ${show(node.pattern)})`;
    case 'regex':
      return `(${show(node.value)} ${node.isNegated ? '!~' : '=~'} ${show(node.pattern)})`;
    case 'and':
    case 'or':
      return `(${node.parts.map(show).join(` ${node.kind} `)})`;
    default:
      return node.kind;
  }
}

const OPERATORS = TABLE.flat().filter((operator) => operator !== 'unary');

function treeOf(next: () => number, depth: number): Tree {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)];
  if (depth === 0 || next() < 0.15) return { leaf: pick(['a', 'b', 'c', 'd', '1', '2', '[1, 2]']) };
  const child = (): Tree => treeOf(next, depth - 1);
  if (next() < 0.2) {
    // `not` before what is no condition reaches further: that is the next test's.
    const operator = pick(['-', '+', '~', 'not']);
    const isCondition = (tree: Tree): boolean => 'operator' in tree && (tree.operator === 'not' || !['+', '-', '*', '/', '%', '**', '<<', '>>', '&', '^', '|', '~'].includes(tree.operator));
    const operand = child();
    return operator === 'not' && !isCondition(operand) ? child() : { operator, parts: [operand] };
  }
  const operator = pick(OPERATORS);
  if (operator === 'between') return { operator, parts: [child(), child(), child()] };
  return { operator, parts: operator === 'and' || operator === 'or' ? Array.from({ length: 2 + Math.floor(next() * 3) }, child) : [child(), child()] };
}

describe('the parser', () => {
  it('binds as the table says', () => {
    const seeds = Number(process.env.SEEDS ?? 4_000);
    for (let seed = 0; seed < seeds; seed++) {
      const tree = treeOf(random(seed), 2 + (seed % 4));
      const parenthesised = full(tree);
      const text = minimal(tree, 0);
      expect(show(parse(parenthesised) as Node), `seed ${seed}: ${parenthesised}`).toBe(parenthesised);
      expect(show(parse(text) as Node), `seed ${seed}: ${text}`).toBe(parenthesised);
    }
  });

  it.each([
    ['not a == 1', '(not (a == 1))'],
    ['NOT a == 1 AND b == 2', '((not (a == 1)) and (b == 2))'],
    ['!a in [1] || b == 2', '((not (a in [1])) or (b == 2))'],
    ['not a + 1 == 2', '(not ((a + 1) == 2))'],
    ['not a & 1 == 1', '(not (a & (1 == 1)))'],
    ['not not a == 1', '(not (not (a == 1)))'],
    ['not (a) == 1', '(not (a == 1))'],
    ['not (a == 1) == b', '((not (a == 1)) == b)'],
    ['not a like b == c', '((not (a like b)) == c)'],
    ['not a between 1 and 2 and b == 1', '((not (a between 1 and 2)) and (b == 1))'],
    ['a not between 1 and 2 and b == 1', '((not (a between 1 and 2)) and (b == 1))'],
    ['a not like b', '(not (a like b))'],
    ['a && b || c && d', '((a and b) or (c and d))'],
    ['1 < a < 2', '(a between 1 and 2)'],
    ['2 >= a > 1', '(a between 1 and 2)'],
    ['1 < a > 2', '((1 < a) > 2)'],
    ['1 < a < 2 == b', '((a between 1 and 2) == b)'],
    ['- 2 ** 2', '(- (2 ** 2))'],
    ['2 ** - 2 ** 2', '(2 ** (- (2 ** 2)))'],
    ['2 ** 3 ** 2', '((2 ** 3) ** 2)'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['a-1', '(a - 1)'],
    ['a - -1', '(a - (- 1))'],
    ['[1,2,]', '[1, 2]'],
    ['[]', '[]'],
  ])('%j is %s', (text, expected) => {
    expect(show(parse(text) as Node)).toBe(expected);
  });

  it('remembers which bounds of a chain belong to the range', () => {
    const bounds = (text: string): readonly boolean[] => {
      const node = parse(text) as Node & { kind: 'between' };
      return [node.includesLow, node.includesHigh];
    };
    expect([bounds('1 < a < 2'), bounds('1 <= a < 2'), bounds('1 < a <= 2'), bounds('1 <= a <= 2')]).toEqual([[false, false], [true, false], [false, true], [true, true]]);
    expect([bounds('2 > a > 1'), bounds('2 >= a > 1'), bounds('2 > a >= 1'), bounds('a between 1 and 2')]).toEqual([[false, false], [false, true], [true, false], [true, true]]);
  });

  it('says where each part stands', () => {
    const text = ' (a + 1) <  meta["x"] and not b';
    const node = parse(text) as Node & { kind: 'and' };
    const at = (part: Node): string => text.slice(part.from, part.to);
    expect(node.parts.map(at)).toEqual(['(a + 1) <  meta["x"]', 'not b']);
    const compare = node.parts[0] as Node & { kind: 'compare' };
    expect([at(compare.left), at(compare.right)]).toEqual(['a + 1', 'meta["x"]']);
  });
});
