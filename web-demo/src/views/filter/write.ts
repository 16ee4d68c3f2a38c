/**
 * Writes the builder's conditions in the filter language. What is not complete yet is left out, so that the text is one that
 * can be asked at any moment.
 */
import { OPERATORS, operatorsOf, readAs } from './operators.ts';
import type { OperatorId } from './operators.ts';
import { placeText } from './subject.ts';
import type { Subject } from './subject.ts';
import type { Condition, Group, Part } from './tree.ts';
import { escapeLike, isAbove, literalText, readValue } from './values.ts';
import type { Literal } from './values.ts';

/** How a value is written: as it is, or as a template that stands for it. */
export type WriteValue = (value: Literal | readonly Literal[]) => string;

/** A condition whose values have been read. */
export interface ReadCondition {
  readonly subject: Subject;
  readonly condition: Condition;
  readonly values: readonly Literal[];
}

/** What a condition still needs, for people. `isMistake`: what is typed is wrong; else something is missing. */
export interface Lack {
  readonly text: string;
  readonly isMistake: boolean;
}

export const isLack = (read: ReadCondition | Lack): read is Lack => 'isMistake' in read;

const missing = (text: string): Lack => ({ text, isMistake: false });
const mistake = (text: string): Lack => ({ text, isMistake: true });

export function readCondition(condition: Condition, subjects: readonly Subject[]): ReadCondition | Lack {
  const subject = subjects.find(({ field }) => field === condition.field);
  if (subject === undefined) return mistake(`This collection has no field ${condition.field}`);
  const { operator, path, as } = condition;
  if (path.length > 0 && subject.kind !== 'json') return mistake(`${condition.field} has no places inside`);
  if (subject.isDynamic && path.length === 0) return missing('Which key?');
  if (!operatorsOf(subject, as, path.length > 0).includes(operator)) return missing('Choose a condition');
  const { values: wanted } = OPERATORS[operator];
  const kind = readAs(subject, as, operator);
  const texts = wanted === null ? condition.values : condition.values.slice(0, wanted);
  // An empty text is asked for by a word of its own: a field that nobody typed into yet is none.
  if (wanted === null ? texts.length === 0 : texts.length < wanted || texts.some((text) => text === '')) return missing(wanted === null ? 'Add a value' : 'Type a value');
  const values: Literal[] = [];
  for (const text of texts) {
    const { value, problem } = readValue(kind, text);
    if (problem !== undefined) return mistake(`Expected ${problem}, got ${text.slice(0, 40)}`);
    values.push(value);
  }
  if (operator === 'between' && isAbove(values[0], values[1])) return mistake('The first value is above the second');
  return { subject, condition, values };
}

const COMPARED: Partial<Readonly<Record<OperatorId, string>>> = { eq: '==', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=', in: 'in', 'not-in': 'not in', like: 'like', matches: '=~', 'not-matches': '!~', 'is-list': '==' };
const LISTED = new Set<OperatorId>(['in', 'not-in', 'is-list', 'has-all', 'has-any']);
const CALLED: Partial<Readonly<Record<OperatorId, string>>> = { has: 'array_contains', 'has-all': 'array_contains_all', 'has-any': 'array_contains_any' };
const COUNTED: Partial<Readonly<Record<OperatorId, string>>> = { 'length-eq': '==', 'length-gt': '>', 'length-lt': '<' };

function conditionText({ condition: { field, path, operator }, values }: ReadCondition, write: WriteValue): string {
  const place = placeText(field, path);
  const value = (): string => write(LISTED.has(operator) ? values : values[0]);
  if (COMPARED[operator] !== undefined) return `${place} ${COMPARED[operator]} ${value()}`;
  if (CALLED[operator] !== undefined) return `${CALLED[operator]}(${place}, ${value()})`;
  if (COUNTED[operator] !== undefined) return `array_length(${place}) ${COUNTED[operator]} ${value()}`;
  switch (operator) {
    case 'between':
      return `${write(values[0])} <= ${place} <= ${write(values[1])}`;
    case 'true':
    case 'false':
      return `${place} == ${operator}`;
    case 'starts':
      return `${place} like ${write(`${escapeLike(String(values[0]))}%`)}`;
    case 'contains':
      return `${place} like ${write(`%${escapeLike(String(values[0]))}%`)}`;
    case 'ends':
      return `${place} like ${write(`%${escapeLike(String(values[0]))}`)}`;
    case 'empty':
      return `${place} == ""`;
    case 'exists':
      return `exists ${place}`;
    case 'null':
      return `${place} is null`;
    default:
      return `${place} is not null`;
  }
}

/** Empty where nothing is complete. */
export function writeGroup(group: Group, subjects: readonly Subject[], write: WriteValue): string {
  return partsText(group, subjects, write)?.text ?? '';
}

/** `isJoined`: it needs parentheses beside others. */
interface PartText {
  readonly text: string;
  readonly isJoined: boolean;
}

function partsText(part: Part, subjects: readonly Subject[], write: WriteValue): PartText | null {
  if (part.kind === 'condition') {
    const read = readCondition(part, subjects);
    return isLack(read) ? null : { text: conditionText(read, write), isJoined: false };
  }
  const texts = part.parts.map((each) => partsText(each, subjects, write)).filter((each) => each !== null);
  if (texts.length === 0) return null;
  const word = part.join === 'all' || part.join === 'some-not' ? ' and ' : ' or ';
  const joined: PartText = texts.length === 1 ? texts[0] : { text: texts.map(({ text, isJoined }) => (isJoined ? `(${text})` : text)).join(word), isJoined: true };
  return part.join === 'all' || part.join === 'any' ? joined : { text: `not (${joined.text})`, isJoined: false };
}

/** With the values as they are. */
export const writeText = (group: Group, subjects: readonly Subject[]): string => writeGroup(group, subjects, (value) => (typeof value === 'object' ? `[${value.map(literalText).join(', ')}]` : literalText(value)));

export interface Templated {
  readonly filter: string;
  readonly filterParams: Readonly<Record<string, Literal | readonly Literal[]>>;
}

/** With a template for every value. */
export function writeTemplates(group: Group, subjects: readonly Subject[]): Templated {
  const filterParams: Record<string, Literal | readonly Literal[]> = {};
  const filter = writeGroup(group, subjects, (value) => {
    const name = `v${Object.keys(filterParams).length}`;
    filterParams[name] = value;
    return `{${name}}`;
  });
  return { filter, filterParams };
}
