/**
 * From nodes to a predicate: names become fields, templates and constants literals of the type that they meet, and what no value of
 * a column can change is decided here. FILTER_TYPE where the parts do not fit.
 */
import type { ElementType, Field, ScalarType, Schema } from '../schema/types.ts';
import { type Constant, type FunctionName, type Node, isCondition } from './ast.ts';
import { type Numeric, checkRight, describeConstant, foldArithmetic, foldComparison, isNumeric } from './constants.ts';
import { badSyntax, badType, quoted } from './errors.ts';
import { type IntegerType, type ListValue, distinct, exactInteger, fitInteger, integerLiteral, isFloatType, isIntegerType, isNumericType, jsonListValue, jsonLiteral, lowest } from './fit.ts';
import { guarded } from './guards.ts';
import { Names } from './names.ts';
import { compileLike } from './patterns/like.ts';
import { PatternError, type TextPattern } from './patterns/pattern.ts';
import { compileRegex } from './patterns/regex.ts';
import type { ArithmeticOperator, ComparisonOperator, Filter, Literal, Predicate, Ref, TemplateValues, Value } from './predicate.ts';
import { conjunction, constant, disjunction, negation } from './simplify.ts';
import { templateValue } from './templates.ts';

/** What stands on a side of an operator. */
type Operand =
  | { readonly kind: 'constant'; readonly node: Node; readonly value: Constant }
  | { readonly kind: 'list'; readonly node: Node; readonly values: readonly ListValue[] }
  | Term;

/** What differs from row to row. `type`: Array or JSON where it is a whole one, Int64 and Double of arithmetic. */
interface Term {
  readonly kind: 'term';
  readonly node: Node;
  readonly value: Value;
  readonly type: ScalarType;
}

const FLIPPED: Readonly<Record<ComparisonOperator, ComparisonOperator>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' };
const OF_INTEGERS: ReadonlySet<string> = new Set(['%', '&', '|', '^', '<<', '>>']);

/** Characters of a pattern: no value of a column is longer. */
const MAX_PATTERN = 65_536;
/**
 * What a filter's constants may weigh together: a text its characters, a value of a list 8 besides, a pattern 64 times its characters. A
 * template may be named thousands of times, and each time there is work to do.
 */
const MAX_WEIGHT = 16 * 1024 * 1024;
const VALUE_WEIGHT = 8;
const PATTERN_WEIGHT = 64;

export class Checker {
  readonly #names: Names;
  readonly #values: TemplateValues | undefined;
  /** Values of templates that were looked at, and patterns that were compiled: each once. */
  readonly #templates = new Map<string, Constant | readonly Constant[]>();
  readonly #patterns = new Map<string, TextPattern>();
  #weight = 0;

  constructor(schema: Schema, values: TemplateValues | undefined) {
    this.#names = new Names(schema);
    this.#values = values;
  }

  filter(node: Node | null): Filter {
    if (node === null) return { predicate: constant(true), sample: null };
    if (node.kind === 'call' && node.name === 'random_sample') return { predicate: constant(true), sample: this.#sample(node.args[0]) };
    const last = node.kind === 'and' ? node.parts[node.parts.length - 1] : node;
    if (node.kind !== 'and' || last.kind !== 'call' || last.name !== 'random_sample') return { predicate: this.#condition(node), sample: null };
    return { predicate: conjunction(node.parts.slice(0, -1).map((part) => this.#condition(part))), sample: this.#sample(last.args[0]) };
  }

  #sample(node: Node): number {
    const operand = this.#operand(node);
    const chance = operand.kind === 'constant' && isNumeric(operand.value) ? Number(operand.value) : Number.NaN;
    if (!(chance > 0 && chance < 1)) badType(node, 'a number between 0 and 1, both exclusive', describeOperand(operand), `random_sample expected a number between 0 and 1, both exclusive, got ${describeOperand(operand)}`);
    return chance;
  }

  #condition(node: Node): Predicate {
    switch (node.kind) {
      case 'and':
        return conjunction(node.parts.map((part) => this.#condition(part)));
      case 'or':
        return disjunction(node.parts.map((part) => this.#condition(part)));
      case 'not':
        return negation(this.#condition(node.operand));
      case 'compare':
        return this.#compare(node, node.operator, this.#operand(node.left), this.#operand(node.right));
      case 'between':
        return this.#between(node);
      case 'in':
        return this.#in(node, this.#operand(node.value), this.#operand(node.list), node.isNegated);
      case 'like':
      case 'regex':
        return this.#match(node);
      case 'isNull':
        return this.#isNull(node.operand, node.isNegated);
      case 'exists': {
        const { ref } = this.#reference(node.operand, 'exists');
        if (ref.kind !== 'path') badType(node.operand, 'a path into a JSON field, or a dynamic key', describeRef(ref), `exists takes a path into a JSON field, or a dynamic key, got ${describeRef(ref)}`);
        return { kind: 'exists', ref };
      }
      case 'call':
        if (node.name === 'random_sample') badType(node, 'random_sample at the end', 'it elsewhere', 'random_sample stands alone, or as the last part of the outermost "and"');
        if (node.name !== 'array_length') return this.#contains(node, node.name);
        break;
      case 'constant':
      case 'template': {
        const operand = this.#operand(node);
        if (operand.kind === 'constant' && typeof operand.value === 'boolean') return constant(operand.value);
      }
    }
    return noCondition(this.#operand(node));
  }

  /** A value, or a condition that is the same for every row. */
  #operand(node: Node): Operand {
    switch (node.kind) {
      case 'constant':
        return { kind: 'constant', node, value: node.value };
      case 'template': {
        let value = this.#templates.get(node.name);
        if (value === undefined) this.#templates.set(node.name, (value = templateValue(node.name, this.#values, node)));
        this.#weigh(node, weightOf(value));
        return typeof value === 'object' ? { kind: 'list', node, values: value } : { kind: 'constant', node, value };
      }
      case 'list':
        return { kind: 'list', node, values: node.items.map((item) => this.#listValue(item)) };
      case 'reference': {
        const { ref, type } = this.#names.place(node.name, node.path, node);
        return { kind: 'term', node, value: ref, type };
      }
      case 'unary': {
        const operand = this.#operand(node.operand);
        if (node.operator === '~') {
          integerOnly(operand, '~');
          return this.#arithmetic(node, '^', operand, { kind: 'constant', node, value: -1n });
        }
        if (node.operator === '-') return this.#negative(node, operand);
        numericOnly(operand, 'unary +');
        return operand;
      }
      case 'binary':
        checkBitwise(node);
        return this.#arithmetic(node, node.operator, this.#operand(node.left), this.#operand(node.right));
      case 'call':
        if (node.name !== 'array_length') break;
        return { kind: 'term', node, value: { kind: 'length', of: this.#array(node.args[0], node.name) }, type: 'Int32' };
    }
    const condition = this.#condition(node);
    if (condition.kind === 'constant') return { kind: 'constant', node, value: condition.value };
    badType(node, 'a value', 'a condition', 'expected a value, got a condition; conditions are joined by and, or and not');
  }

  #listValue(node: Node): ListValue {
    const operand = this.#operand(node);
    if (operand.kind === 'term') badType(node, 'constants in a list', describeOperand(operand), `a list holds constants, got ${describeOperand(operand)}`);
    return operand.kind === 'list' ? operand.values : operand.value;
  }

  #negative(node: Node, operand: Operand): Operand {
    // Minus 0.0 is a double of its own, that 0 - 0.0 is not: so a double is multiplied.
    if (operand.kind === 'constant' && typeof operand.value === 'number') return { ...operand, node, value: -operand.value };
    numericOnly(operand, '-');
    if (operand.kind === 'term') return this.#arithmetic(node, '*', operand, { kind: 'constant', node, value: -1n });
    return this.#arithmetic(node, '-', { kind: 'constant', node, value: 0n }, operand);
  }

  #arithmetic(node: Node, operator: ArithmeticOperator | '**', left: Operand, right: Operand): Operand {
    numericOnly(left, operator);
    numericOnly(right, operator);
    if (OF_INTEGERS.has(operator)) {
      integerOnly(left, operator);
      integerOnly(right, operator);
    }
    if (left.kind === 'constant' && right.kind === 'constant') {
      return { kind: 'constant', node, value: foldArithmetic(operator, left.value as Numeric, right.value as Numeric, node) };
    }
    if (operator === '**') badType(node, 'constants on both sides of **', describeOperand(left.kind === 'constant' ? right : left), '** takes constants only');
    if (right.kind === 'constant') checkRight(operator, right.value as Numeric, right.node);
    const isJson = [left, right].some((operand) => operand.kind === 'term' && operand.type === 'JSON');
    const isFloat = [left, right].some((operand) => (operand.kind === 'term' ? isFloatType(operand.type) : typeof (operand as { value: Constant }).value === 'number'));
    const type = isFloat ? 'float' : isJson ? 'json' : 'int';
    const value: Value = { kind: 'arithmetic', type, operator, left: arithmeticValue(left, type), right: arithmeticValue(right, type) };
    return { kind: 'term', node, value, type: isJson ? 'JSON' : isFloat ? 'Double' : 'Int64' };
  }

  #compare(node: Node, operator: ComparisonOperator, left: Operand, right: Operand): Predicate {
    if (left.kind !== 'term' && right.kind === 'term') return this.#compare(node, FLIPPED[operator], right, left);
    if (left.kind !== 'term') {
      if (left.kind === 'list' || right.kind === 'list') badType(node, 'an Array field or a JSON path beside a list', 'constants', 'a list can be compared with an Array field or a JSON path only');
      sameKind(node, operator, left as Operand & { kind: 'constant' }, right as Operand & { kind: 'constant' });
      return constant(foldComparison(operator, left.value, (right as { value: Constant }).value));
    }
    if (right.kind === 'term') return this.#compareTerms(node, operator, left, right);
    if (right.kind === 'list') return this.#compareArray(node, operator, left, right.values);
    return compareConstant(operator, left, right);
  }

  #compareTerms(node: Node, operator: ComparisonOperator, left: Term, right: Term): Predicate {
    const isOrdered = operator !== '==' && operator !== '!=';
    if (left.type === 'JSON' || right.type === 'JSON') {
      badType(node, 'a constant beside a JSON value', describeOperand(right), `a JSON value can be compared with constants only, not ${describeOperand(left)} with ${describeOperand(right)}`);
    }
    const fits = isNumericType(left.type) ? isNumericType(right.type) : left.type === right.type && (left.type === 'VarChar' || (left.type === 'Bool' && !isOrdered));
    if (!fits) badType(node, `a value that ${describeOperand(left)} can be compared with`, describeOperand(right), `${describeOperand(left)} cannot be compared with ${describeOperand(right)} by ${operator}`);
    return guarded({ kind: 'compare', operator, left: left.value, right: right.value }, operator === '!=');
  }

  #compareArray(node: Node, operator: ComparisonOperator, left: Term, values: readonly ListValue[]): Predicate {
    const { value } = left;
    if (value.kind === 'arithmetic' || value.kind === 'length' || value.kind === 'literal' || (left.type !== 'Array' && left.type !== 'JSON')) badType(node, 'an Array field or a JSON path beside a list', describeOperand(left), `${describeOperand(left)} cannot be compared with a list${operator === '==' ? '; write "in"' : ''}`);
    if (operator !== '==' && operator !== '!=') badType(node, '== or != beside a list', operator, `a list can be compared by == and != only, got ${operator}`);
    const isNegated = operator === '!=';
    const ref: Ref = value;
    if (ref.kind === 'field' && left.type === 'Array') {
      const literals = elementLiterals(ref.field, values, node);
      return literals.includes(null) ? fixed(ref, isNegated) : { kind: 'equalsArray', ref, values: literals as Literal[], isNegated };
    }
    return { kind: 'equalsArray', ref, values: values.map(jsonListValue), isNegated };
  }

  #between(node: Node & { kind: 'between' }): Predicate {
    const value = this.#operand(node.value);
    const low = this.#operand(node.low);
    const high = this.#operand(node.high);
    if (low.kind !== 'constant' || high.kind !== 'constant') {
      const wrong = low.kind === 'constant' ? high : low;
      badType(wrong.node, 'constants at both ends of a range', describeOperand(wrong), `a range has constants at both ends, got ${describeOperand(wrong)}; join two comparisons by "and"`);
    }
    sameKind(node, '<', low, high);
    if (!foldComparison(node.includesLow && node.includesHigh ? '<=' : '<', low.value, high.value)) {
      badType(node, 'a lower bound below the upper one', `${describeConstant(low.value)} and ${describeConstant(high.value)}`, `the range is empty: its lower bound is ${describeConstant(low.value)}, its upper bound ${describeConstant(high.value)}`);
    }
    const above = this.#compare(node, node.includesLow ? '>=' : '>', value, low);
    const below = this.#compare(node, node.includesHigh ? '<=' : '<', value, high);
    return joinBounds(above, below);
  }

  #in(node: Node, value: Operand, list: Operand, isNegated: boolean): Predicate {
    if (list.kind !== 'list') {
      badType(list.node, 'a list behind "in"', describeOperand(list), `"in" takes a list, got ${describeOperand(list)}${list.kind === 'term' && (list.type === 'Array' || list.type === 'JSON') ? '; write array_contains' : ''}`);
    }
    const { values } = list;
    if (value.kind === 'list' || (value.kind === 'term' && value.type === 'Array')) badType(value.node, 'a single value before "in"', describeOperand(value), `"in" takes a single value on its left, got ${describeOperand(value)}; write array_contains_any`);
    if (values.length === 0) return constant(isNegated);
    if (value.kind === 'constant') {
      const isEqual = (item: ListValue): boolean => {
        sameKind(node, '==', value, { kind: 'constant', node: list.node, value: scalar(item, list.node) });
        return foldComparison('==', value.value, item as Constant);
      };
      return constant(values.map(isEqual).includes(true) !== isNegated);
    }
    const literals = distinct(listLiterals(value, values, list.node));
    if (literals.length === 0) return always(value, isNegated);
    return guarded({ kind: 'in', value: value.value, values: literals, isNegated }, isNegated);
  }

  #match(node: Node & { kind: 'like' | 'regex' }): Predicate {
    const word = node.kind === 'like' ? 'like' : node.isNegated ? '!~' : '=~';
    const pattern = this.#operand(node.pattern);
    if (pattern.kind !== 'constant' || typeof pattern.value !== 'string') badType(node.pattern, 'a text', describeOperand(pattern), `${word} expected a text on its right, got ${describeOperand(pattern)}`);
    const left = node.value.kind === 'reference' ? null : this.#operand(node.value);
    if (left?.kind === 'constant' && typeof left.value === 'string') {
      const bytes = new TextEncoder().encode(left.value);
      return constant(this.#pattern(node.kind, pattern.value, node.pattern).test(bytes, 0, bytes.length) !== (node.kind === 'regex' && node.isNegated));
    }
    const { ref, type } = this.#reference(node.value, word);
    if (type !== 'VarChar' && type !== 'JSON') badType(node.value, 'a VarChar field or a JSON path', describeRef(ref), `${word} takes a VarChar field, an element or a JSON path on its left, got ${describeRef(ref)}`);
    const compiled = this.#pattern(node.kind, pattern.value, node.pattern);
    if (node.kind === 'like') return { kind: 'like', ref, pattern: compiled };
    return guarded({ kind: 'regex', ref, pattern: compiled, isNegated: node.isNegated }, node.isNegated);
  }

  #pattern(kind: 'like' | 'regex', source: string, node: Node): TextPattern {
    const key = `${kind} ${source}`;
    let pattern = this.#patterns.get(key);
    if (pattern === undefined) {
      this.#weigh(node, PATTERN_WEIGHT * source.length);
      this.#patterns.set(key, (pattern = compilePattern(kind, source, node)));
    }
    return pattern;
  }

  #weigh(node: Node, weight: number): void {
    this.#weight += weight;
    if (this.#weight > MAX_WEIGHT) badType(node, 'fewer or smaller constants', 'more', 'the lists, texts and patterns of the filter are too large together');
  }

  #isNull(node: Node, isNegated: boolean): Predicate {
    const { ref } = this.#reference(node, 'is null');
    if (ref.kind === 'element') badType(node, 'a field or a JSON path', describeRef(ref), 'elements of an Array are never null');
    if (ref.kind === 'field' && !ref.field.nullable) return constant(isNegated);
    return { kind: 'isNull', ref, isNegated };
  }

  #contains(node: Node & { kind: 'call' }, name: FunctionName): Predicate {
    const ref = this.#array(node.args[0], name);
    const argument = this.#operand(node.args[1]);
    const isSingle = name === 'array_contains' || name === 'json_contains';
    const mode = name.endsWith('_all') ? 'all' : 'any';
    if (argument.kind === 'term') badType(argument.node, 'a constant', describeOperand(argument), `${name} takes a constant, got ${describeOperand(argument)}`);
    if (!isSingle && argument.kind !== 'list') badType(argument.node, 'a list', describeOperand(argument), `${name} takes a list, got ${describeOperand(argument)}`);
    const values: readonly ListValue[] = isSingle ? [argument.kind === 'list' ? argument.values : argument.value] : (argument as { values: readonly ListValue[] }).values;
    if (ref.kind === 'path' || ref.field.type === 'JSON') return { kind: 'contains', ref, mode, values: distinct(values.map(jsonListValue)) };
    const literals = elementLiterals(ref.field, values, argument.node);
    const there = distinct(literals.filter((literal) => literal !== null));
    // A value that no element can have: all of them are never there, and of any of them it is not the one.
    if (mode === 'all' ? there.length === 0 || literals.includes(null) : there.length === 0) return fixed(ref, mode === 'all' && literals.length === 0);
    return { kind: 'contains', ref, mode, values: there };
  }

  #reference(node: Node, word: string): { readonly ref: Ref; readonly type: ScalarType } {
    if (node.kind !== 'reference') badType(node, 'a field or a path', isCondition(node) ? 'a condition' : 'a value', `${word} takes a field, a path or an element, got ${isCondition(node) ? 'a condition' : describeOperand(this.#operand(node))}`);
    return this.#names.place(node.name, node.path, node);
  }

  /** What may be an array. */
  #array(node: Node, name: string): Ref {
    const { ref, type } = this.#reference(node, name);
    if (type !== 'Array' && type !== 'JSON') badType(node, 'an Array field or a JSON path', describeRef(ref), `${name} takes an Array field or a JSON path, got ${describeRef(ref)}`);
    return ref;
  }
}

function weightOf(value: Constant | readonly Constant[]): number {
  if (typeof value === 'string') return value.length;
  return typeof value === 'object' ? value.reduce((sum: number, each) => sum + weightOf(each) + VALUE_WEIGHT, 0) : 0;
}

function describeRef(ref: Ref): string {
  if (ref.kind === 'element') return `"${ref.field.name}[${ref.index}]" (${ref.field.elementType})`;
  return ref.kind === 'path' ? 'a JSON path' : `"${ref.field.name}" (${ref.field.type})`;
}

function describeOperand(operand: Operand): string {
  const template = operand.node.kind === 'template' ? ` of the template ${quoted(operand.node.name)}` : '';
  if (operand.kind === 'list') return `a list${template}`;
  if (operand.kind === 'constant') return describeConstant(operand.value) + template;
  if (operand.value.kind === 'length') return 'the length of an array';
  return operand.value.kind === 'arithmetic' ? `arithmetic (${operand.type})` : describeRef(operand.value as Ref);
}

function noCondition(operand: Operand): never {
  const isBool = operand.kind === 'term' && (operand.type === 'Bool' || operand.type === 'JSON');
  badType(operand.node, 'a condition', describeOperand(operand), `expected a condition, got ${describeOperand(operand)}${isBool ? '; write ... == true' : ''}`);
}

function numericOnly(operand: Operand, operator: string): asserts operand is Exclude<Operand, { kind: 'list' }> {
  if (operand.kind === 'constant' ? isNumeric(operand.value) : operand.kind === 'term' && (isNumericType(operand.type) || operand.type === 'JSON')) return;
  badType(operand.node, 'a number', describeOperand(operand), `${operator} takes numbers, got ${describeOperand(operand)}`);
}

/** `a & 1 == 1` is read as `a & (1 == 1)`. */
function checkBitwise({ operator, left, right }: Node & { kind: 'binary' }): void {
  if (operator !== '&' && operator !== '^' && operator !== '|') return;
  for (const side of [left, right]) if (isCondition(side)) badType(side, 'an integer', 'a condition', `${operator} takes integers, got a condition; comparisons bind tighter than ${operator}: write (a ${operator} b) == c`);
}

function integerOnly(operand: Operand, operator: string): void {
  if (operand.kind === 'constant' ? typeof operand.value === 'bigint' : operand.kind === 'term' && (isIntegerType(operand.type) || operand.type === 'JSON')) return;
  badType(operand.node, 'an integer', describeOperand(operand), `${operator} takes integers, got ${describeOperand(operand)}`);
}

function arithmeticValue(operand: Operand, type: 'int' | 'float' | 'json'): Value {
  if (operand.kind === 'term') return operand.value;
  const value = (operand as { value: Numeric }).value;
  return { kind: 'literal', value: type === 'int' ? value : type === 'float' ? Number(value) : jsonLiteral(value) };
}

/** FILTER_TYPE for two constants that cannot be compared. */
function sameKind(node: Node, operator: string, left: Operand & { kind: 'constant' }, right: Operand & { kind: 'constant' }): void {
  const kindOf = (value: Constant): string => (isNumeric(value) ? 'number' : typeof value);
  const isFine = kindOf(left.value) === kindOf(right.value) && (typeof left.value !== 'boolean' || operator === '==' || operator === '!=');
  if (!isFine) badType(node, `a constant that ${describeOperand(left)} can be compared with`, describeOperand(right), `${describeOperand(left)} cannot be compared with ${describeOperand(right)}`);
}

function compareConstant(operator: ComparisonOperator, left: Term, right: Operand & { kind: 'constant' }): Predicate {
  const { type } = left;
  const { value } = right;
  const compare = (literal: Literal, by: ComparisonOperator = operator): Predicate => guarded({ kind: 'compare', operator: by, left: left.value, right: { kind: 'literal', value: literal } }, by === '!=');
  const isEquality = operator === '==' || operator === '!=';
  if (isNumericType(type) && isNumeric(value)) {
    if (!isIntegerType(type)) return compare(Number(value));
    const fit = fitInteger(type, operator, value);
    return 'always' in fit ? always(left, fit.always) : compare(integerLiteral(type, fit.value), fit.operator);
  }
  if (type === 'VarChar' && typeof value === 'string') return compare(value);
  if (type === 'Bool' && typeof value === 'boolean' && isEquality) return compare(value);
  if (type === 'JSON' && (typeof value !== 'boolean' || isEquality)) {
    if (left.value.kind === 'arithmetic') numericOnly(right, 'a comparison of arithmetic');
    return compare(jsonLiteral(value));
  }
  const sentence = `${describeOperand(left)} cannot be compared with ${describeOperand(right)}${typeof value === 'boolean' ? ` by ${operator}` : ''}`;
  badType(right.node, `a constant that ${describeOperand(left)} can be compared with`, describeOperand(right), sentence);
}

/** The answer for every row where a field is not NULL. */
const fixed = (ref: Ref, value: boolean): Predicate => (ref.field.nullable ? { kind: 'fixed', ref, value } : constant(value));

/** The answer for every row that has a value. */
function always(term: Term, value: boolean): Predicate {
  if (term.value.kind === 'field') return fixed(term.value, value);
  // Every integer is at or above the lowest one; where there is none to compare, neither is said.
  const type = term.type as IntegerType;
  return { kind: 'compare', operator: value ? '>=' : '<', left: term.value, right: { kind: 'literal', value: integerLiteral(type, lowest(type)) } };
}

/** Both bounds of one value, as one leaf where there are two. */
function joinBounds(above: Predicate, below: Predicate): Predicate {
  if (above.kind === 'compare' && below.kind === 'compare' && above.right.kind === 'literal' && below.right.kind === 'literal') {
    const low = above.right.value;
    const high = below.right.value;
    const includesLow = above.operator === '>=';
    const includesHigh = below.operator === '<=';
    const isUp = above.operator[0] === '>' && below.operator[0] === '<';
    if (isUp && foldComparison(includesLow && includesHigh ? '<=' : '<', low, high)) return { kind: 'range', value: above.left, low, high, includesLow, includesHigh };
    // No integer lies between fractions that are close together.
    if (isUp && above.left.kind === 'field') return fixed(above.left, false);
  }
  // What holds for every value leaves the other bound; what holds for none decides.
  if (above.kind === 'fixed') return above.value ? below : above;
  if (below.kind === 'fixed') return below.value ? above : below;
  return conjunction([above, below]);
}

/** One value of a list, which is none of several. */
function scalar(value: ListValue, node: Node): Constant {
  if (typeof value === 'object') badType(node, 'single values in the list', 'a list in it', 'expected single values in the list, got a list in it');
  return value;
}

/** Values of a list as literals of a type; null: no value of the type equals it. FILTER_TYPE for one that cannot be compared. */
function literalsOf(type: ScalarType, what: string, values: readonly ListValue[], node: Node): (Literal | null)[] {
  return values.map((item, i) => {
    const value = scalar(item, node);
    if (type === 'JSON') return jsonLiteral(value);
    if (isNumeric(value) && isNumericType(type)) return isIntegerType(type) ? exactInteger(type, value) : Number(value);
    if (type === 'VarChar' ? typeof value === 'string' : type === 'Bool' && typeof value === 'boolean') return value;
    const found = `${describeConstant(value)}${node.kind === 'template' ? ` of the template ${quoted(node.name)}` : ''}`;
    badType(node.kind === 'list' ? node.items[i] : node, `a value of type ${type}`, found, `${what} cannot be compared with ${found}`);
  });
}

const listLiterals = (term: Term, values: readonly ListValue[], node: Node): Literal[] => literalsOf(term.type, describeOperand(term), values, node).filter((literal) => literal !== null);

const elementLiterals = (field: Field, values: readonly ListValue[], node: Node): (Literal | null)[] => literalsOf(field.elementType as ElementType, `an element of "${field.name}" (${field.elementType})`, values, node);

/** FILTER_SYNTAX where the pattern is none. */
function compilePattern(kind: 'like' | 'regex', source: string, node: Node): TextPattern {
  if (source.length > MAX_PATTERN) badSyntax(node, `a pattern of at most ${MAX_PATTERN} characters`, String(source.length));
  try {
    return kind === 'like' ? compileLike(source) : compileRegex(source);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    badSyntax(node, 'a pattern', quoted(source), `the pattern ${quoted(source)}: ${error.message} (at ${error.position})`);
  }
}
