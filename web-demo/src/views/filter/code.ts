/** The shown filter as code to copy: with templates, or by `elanus/filter`, whose names and values the compiler checks. */
import { isLack, readCondition, writeTemplates } from './write.ts';
import type { ReadCondition } from './write.ts';
import type { Subject } from './subject.ts';
import type { Group, Part } from './tree.ts';
import type { Literal } from './values.ts';

/** A value in JavaScript. */
export function valueCode(value: Literal | readonly Literal[]): string {
  if (typeof value === 'object') return `[${value.map(valueCode).join(', ')}]`;
  if (typeof value === 'bigint') return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? String(value) : `${value}n`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

const METHODS: Partial<Readonly<Record<string, string>>> = {
  eq: 'eq', ne: 'ne', lt: 'lt', le: 'le', gt: 'gt', ge: 'ge', in: 'in', 'not-in': 'notIn', starts: 'startsWith', ends: 'endsWith', like: 'like', matches: 'matches', 'not-matches': 'notMatches',
  has: 'contains', 'has-all': 'containsAll', 'has-any': 'containsAny', 'is-list': 'eq', exists: 'exists', null: 'isNull', 'not-null': 'isNotNull',
};
const LISTED = new Set(['in', 'not-in', 'has-all', 'has-any', 'is-list']);
const COUNTED: Partial<Readonly<Record<string, string>>> = { 'length-eq': 'eq', 'length-gt': 'gt', 'length-lt': 'lt' };

/** One condition by `f`. */
function conditionCode({ subject, condition: { field, path, operator }, values }: ReadCondition): string {
  const steps = path.map((step) => JSON.stringify(step)).join(', ');
  const operand = subject.isDynamic ? `f.key(${steps})` : `f(${JSON.stringify(field)})${steps === '' ? '' : `.at(${steps})`}`;
  const given = LISTED.has(operator) ? valueCode(values) : values.map(valueCode).join(', ');
  if (COUNTED[operator] !== undefined) return `${operand}.length().${COUNTED[operator]}(${given})`;
  if (operator === 'contains') return `${operand}.${subject.kind === 'json' ? 'containsText' : 'contains'}(${given})`;
  if (operator === 'between') return `${operand}.between(${given})`;
  if (operator === 'true' || operator === 'false') return `${operand}.eq(${operator})`;
  if (operator === 'empty') return `${operand}.eq("")`;
  return `${operand}.${METHODS[operator]}(${given})`;
}

/** Null where nothing is complete. */
export function typedCode(part: Part, subjects: readonly Subject[]): string | null {
  if (part.kind === 'condition') {
    const read = readCondition(part, subjects);
    return isLack(read) ? null : conditionCode(read);
  }
  const parts = part.parts.map((each) => typedCode(each, subjects)).filter((each) => each !== null);
  if (parts.length === 0) return null;
  const word = part.join === 'all' || part.join === 'some-not' ? 'and' : 'or';
  const joined = parts.length === 1 ? parts[0] : `f.${word}(${parts.join(', ')})`;
  return part.join === 'all' || part.join === 'any' ? joined : `f.not(${joined})`;
}

export interface CodeOf {
  /** Name of the collection. */
  readonly collection: string;
  /** Null: the text was written by hand. */
  readonly tree: Group | null;
  readonly text: string;
  readonly subjects: readonly Subject[];
  /** A search for what is near a row; else a query. */
  readonly near: { readonly id: number | string; readonly field: string } | null;
}

const callOf = ({ near }: CodeOf): string => (near === null ? 'docs.query({' : 'docs.search({');
const askedOf = ({ near }: CodeOf): string => (near === null ? '  limit: 20,' : `  ids: [${JSON.stringify(near.id)}],\n  field: ${JSON.stringify(near.field)},\n  limit: 10,`);
const opening = ({ collection }: CodeOf): string => `const docs = await db.collection(${JSON.stringify(collection)});`;

/** A call with the filter's text, its values beside it. */
export function plainCode(of: CodeOf): string {
  const { filter, filterParams } = of.tree === null ? { filter: of.text, filterParams: {} } : writeTemplates(of.tree, of.subjects);
  const values = Object.entries(filterParams).map(([name, value]) => `${name}: ${valueCode(value)}`);
  const params = values.length === 0 ? '' : `\n  filterParams: { ${values.join(', ')} },`;
  return `${opening(of)}\nconst found = await ${callOf(of)}\n  filter: ${JSON.stringify(filter)},${params}\n${askedOf(of)}\n});`;
}

/** The same by `elanus/filter`; null where the text was written by hand, or nothing is complete. */
export function checkedCode(of: CodeOf): string | null {
  const condition = of.tree && typedCode(of.tree, of.subjects);
  if (condition === null) return null;
  return `import { filterOf } from 'elanus/filter';\n\n${opening(of)}\nconst f = filterOf(docs.schema);\nconst wanted = ${condition};\nconst found = await ${callOf(of)}\n  ...wanted.toOptions(),\n${askedOf(of)}\n});`;
}
