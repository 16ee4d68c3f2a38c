/**
 * What stands on the left of an operator: a field, a place in one, or what was calculated from one. The class has the operators of
 * every type; which of them a field has, the compiler says (`types.ts`), and the engine to those who do not ask it.
 */
import type { Field } from '../schema/types.ts';
import { Condition, type FilterValue, type Template, type Write, checkDepth } from './condition.ts';
import { escapeLike } from './like.ts';

/** What an operand needs to know of its field. */
type FieldType = Pick<Field, 'type' | 'elementType' | 'as'>;
type Side = FilterValue | readonly FilterValue[] | Operand;

export class Operand {
  readonly #field: FieldType;
  readonly #isText: boolean;
  readonly #write: Write;
  readonly #depth: number;

  /** `field`: what it is of. `isText`: whether `contains` is of a part of a text. `write`: its text, in parentheses unless it is one name or path. */
  constructor(field: FieldType, isText: boolean, write: Write, depth = 1) {
    this.#field = field;
    this.#isText = isText;
    this.#write = write;
    this.#depth = checkDepth(depth);
  }

  eq(value: Side): Condition {
    return this.#compare('==', value);
  }
  ne(value: Side): Condition {
    return this.#compare('!=', value);
  }
  lt(value: Side): Condition {
    return this.#compare('<', value);
  }
  le(value: Side): Condition {
    return this.#compare('<=', value);
  }
  gt(value: Side): Condition {
    return this.#compare('>', value);
  }
  ge(value: Side): Condition {
    return this.#compare('>=', value);
  }
  between(low: FilterValue, high: FilterValue): Condition {
    return this.#condition((left, template) => `${template(this.#constant(low))} <= ${left} <= ${template(this.#constant(high))}`);
  }
  in(values: readonly FilterValue[]): Condition {
    return this.#compare('in', values);
  }
  notIn(values: readonly FilterValue[]): Condition {
    return this.#compare('not in', values);
  }

  isNull(): Condition {
    return this.#condition((left) => `${left} is null`);
  }
  isNotNull(): Condition {
    return this.#condition((left) => `${left} is not null`);
  }
  exists(): Condition {
    return this.#condition((left) => `exists ${left}`);
  }

  like(pattern: string): Condition {
    return this.#compare('like', pattern);
  }
  notLike(pattern: string): Condition {
    return this.#compare('not like', pattern);
  }
  startsWith(text: string): Condition {
    return this.like(`${escapeLike(text)}%`);
  }
  endsWith(text: string): Condition {
    return this.like(`%${escapeLike(text)}`);
  }
  containsText(text: string): Condition {
    return this.like(`%${escapeLike(text)}%`);
  }
  matches(expression: string): Condition {
    return this.#compare('=~', expression);
  }
  notMatches(expression: string): Condition {
    return this.#compare('!~', expression);
  }

  /** Of text a part of it, of arrays an element. */
  contains(value: FilterValue): Condition {
    return this.#isText ? this.containsText(value as string) : this.#call('array_contains', value);
  }
  containsAll(values: readonly FilterValue[]): Condition {
    return this.#call('array_contains_all', values);
  }
  containsAny(values: readonly FilterValue[]): Condition {
    return this.#call('array_contains_any', values);
  }
  length(): Operand {
    return new Operand(this.#field, false, (template) => `array_length(${this.#write(template)})`);
  }

  at(...path: readonly (string | number)[]): Operand {
    const steps = path.map((step) => `[${JSON.stringify(step)}]`).join('');
    return new Operand(this.#field, this.#field.elementType === 'VarChar', (template) => this.#write(template) + steps);
  }

  plus(value: Side): Operand {
    return this.#calculate('+', value);
  }
  minus(value: Side): Operand {
    return this.#calculate('-', value);
  }
  times(value: Side): Operand {
    return this.#calculate('*', value);
  }
  dividedBy(value: Side): Operand {
    return this.#calculate('/', value);
  }
  modulo(value: Side): Operand {
    return this.#calculate('%', value);
  }
  bitAnd(value: Side): Operand {
    return this.#calculate('&', value);
  }
  bitOr(value: Side): Operand {
    return this.#calculate('|', value);
  }
  bitXor(value: Side): Operand {
    return this.#calculate('^', value);
  }

  /** As it may stand beside other words: of a field named `exists` these would make an operator. */
  #text(template: Template): string {
    const text = this.#write(template);
    return text.toLowerCase() === 'exists' ? `(${text})` : text;
  }

  #condition(write: (left: string, template: Template) => string, right?: Side): Condition {
    return new Condition((template) => write(this.#text(template), template), this.#depthWith(right));
  }

  #depthWith(right: Side | undefined): number {
    return 1 + (right instanceof Operand ? Math.max(this.#depth, right.#depth) : this.#depth);
  }

  #compare(operator: string, value: Side): Condition {
    return this.#condition((left, template) => `${left} ${operator} ${this.#side(value, template)}`, value);
  }

  #call(name: string, value: FilterValue | readonly FilterValue[]): Condition {
    return this.#condition((left, template) => `${name}(${left}, ${template(this.#constant(value))})`);
  }

  #calculate(operator: string, value: Side): Operand {
    return new Operand(this.#field, false, (template) => `(${this.#text(template)} ${operator} ${this.#side(value, template)})`, this.#depthWith(value) + 1);
  }

  #side(value: Side, template: Template): string {
    return value instanceof Operand ? value.#text(template) : template(this.#constant(value));
  }

  /** Where a field is read as decimal text, such text is a value of it. */
  #constant(value: FilterValue | readonly FilterValue[]): FilterValue | readonly FilterValue[] {
    if (this.#field.as !== 'string') return value;
    const toInteger = (each: FilterValue): FilterValue => (typeof each === 'string' && /^-?\d{1,19}$/.test(each) ? BigInt(each) : each);
    return typeof value === 'object' ? value.map(toInteger) : toInteger(value);
  }
}
