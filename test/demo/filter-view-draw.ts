/** Random rows with hostile values, random trees of the filter builder, and what such a tree means, told without the filter language. */
import { numbersFrom } from '../../web-demo/src/util/random.ts';
import { DYNAMIC } from '../../web-demo/src/views/filter/subject.ts';
import type { Path, Subject, ValueKind } from '../../web-demo/src/views/filter/subject.ts';
import { OPERATORS, operatorsOf, readAs } from '../../web-demo/src/views/filter/operators.ts';
import type { Condition, Group, Join, Part } from '../../web-demo/src/views/filter/tree.ts';
import { plainLike } from '../filter/patterns/plain-like.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Draws from a stream of numbers. */
export function drawer(seed: number) {
  const next = numbersFrom(seed);
  return {
    below: (n: number): number => Math.floor(next() * n),
    chance: (p: number): boolean => next() < p,
    pick: <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)],
    some: <T>(most: number, make: () => T): T[] => Array.from({ length: Math.floor(next() * (most + 1)) }, make),
  };
}
export type Drawer = ReturnType<typeof drawer>;

const TEXTS = ['', 'a', 'ab', 'A', 'b', '"', '\\', '\\"', '" or true or "', "' or 1 == 1 or '", '{v0}', '{', '%', '_', 'a%b', 'a_b', '\\%', '\\\\_', 'line\nfeed', '\r', '\t', '\u0000', '\u2028', 'é', '日本', '😀', '😀x', '\uffff', 'null', 'true', '$meta', '(', ')', '[', '^a', 'a$', '.*', 'x'.repeat(50)];
const WHOLE = [-3n, -1n, 0n, 1n, 2n, 3n, 7n, 127n, -(2n ** 53n) - 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)];
const DOUBLES = [-2.5, -1, -0, 0, 0.1, 0.5, 1, 1.5, 2, 3, 1e20, 1e21, -1e-7, 2 ** 53, 1e300];
const KEYS = ['a', 'b c', '"', '\\', '0', 'é', '😀', 'and'];

const textOf = (draw: Drawer): string => (draw.chance(0.8) ? draw.pick(TEXTS) : draw.pick(TEXTS) + draw.pick(TEXTS));
/** JSON takes numbers of JavaScript. */
const jsonOf = (draw: Drawer, depth: number): unknown => {
  const kind = draw.below(depth > 0 ? 9 : 6);
  if (kind === 0) return draw.pick([null, true, false]);
  if (kind <= 2) return draw.pick([-1, 0, 1, 2, 3, 0.5, 1.5, 2 ** 53, 1e21]);
  if (kind <= 5) return textOf(draw);
  if (kind === 6) return draw.some(4, () => jsonOf(draw, depth - 1));
  return objectOf(draw, depth);
};
const objectOf = (draw: Drawer, depth: number): Record<string, unknown> => Object.fromEntries(KEYS.filter(() => draw.chance(0.5)).map((key) => [key, jsonOf(draw, depth - 1)]));

export function rowsOf(draw: Drawer, count: number): Row[] {
  const nullable = <T>(value: T): T | null => (draw.chance(0.2) ? null : value);
  return Array.from({ length: count }, (_, id) => ({
    id,
    vector: Float32Array.of(id, 1),
    name: nullable(textOf(draw)),
    count: nullable(draw.pick(WHOLE)),
    small: draw.below(7) - 3,
    price: nullable(draw.pick(DOUBLES)),
    sold: nullable(draw.chance(0.5)),
    tags: nullable(draw.some(4, () => textOf(draw))),
    sizes: draw.some(3, () => draw.below(5)),
    meta: nullable(objectOf(draw, 3)),
    // Keys of the dynamic field; those that are fields would be the fields.
    ...objectOf(draw, 2),
  }));
}

export const SCHEMA = {
  dynamicField: true,
  fields: {
    id: { type: 'Int64', primaryKey: true, as: 'number' },
    vector: { type: 'FloatVector', dim: 2 },
    name: { type: 'VarChar', maxLength: 1000, nullable: true },
    count: { type: 'Int64', nullable: true },
    small: { type: 'Int8' },
    price: { type: 'Double', nullable: true },
    sold: { type: 'Bool', nullable: true },
    tags: { type: 'Array', elementType: 'VarChar', maxLength: 1000, maxCapacity: 10, nullable: true },
    sizes: { type: 'Array', elementType: 'Int32', maxCapacity: 10 },
    meta: { type: 'JSON', nullable: true },
  },
} as const;

/** What a visitor might type, now and then nothing that can be read. */
function typed(draw: Drawer, kind: ValueKind): string {
  if (draw.chance(0.04)) return draw.pick(['', 'x', '1e999', '99999999999999999999999', '\ud800', '1.5']);
  if (kind === 'text') return textOf(draw);
  if (kind === 'flag') return draw.pick(['true', 'false']);
  return kind === 'integer' || draw.chance(0.4) ? String(draw.pick(WHOLE)) : String(draw.pick(DOUBLES));
}

const PATTERNS = ['^a', 'a$', 'b', '.*', '[ab]', '\\d', '^$', '"', '%'];

export function treeOf(draw: Drawer, subjects: readonly Subject[], depth: number): Group {
  const parts = draw.some(4, (): Part => (depth > 0 && draw.chance(0.3) ? treeOf(draw, subjects, depth - 1) : conditionOf(draw, subjects)));
  return { kind: 'group', join: draw.pick<Join>(['all', 'all', 'any', 'none', 'some-not']), parts };
}

function conditionOf(draw: Drawer, subjects: readonly Subject[]): Condition {
  const subject = draw.pick(subjects);
  const as = draw.pick<ValueKind>(['text', 'number', 'flag']);
  const path: Path = subject.kind !== 'json' ? [] : [...(subject.isDynamic || draw.chance(0.9) ? [draw.pick(KEYS)] : []), ...draw.some(1, () => (draw.chance(0.5) ? draw.pick(KEYS) : draw.below(3)))];
  const operator = draw.pick(operatorsOf(subject, as, path.length > 0));
  const wanted = OPERATORS[operator].values;
  const isPattern = operator === 'matches' || operator === 'not-matches';
  const kind = readAs(subject, as, operator);
  const one = (): string => (isPattern ? draw.pick(PATTERNS) : operator.startsWith('length') ? String(draw.below(5)) : typed(draw, kind));
  let values = wanted === null ? draw.some(3, one) : Array.from({ length: wanted }, one);
  // A pattern ends with no single backslash, as the language has it; texts that are searched for may.
  if (operator === 'like') values = values.map((text) => text.replaceAll('\\', ''));
  return { kind: 'condition', field: subject.field, path, as, operator, values };
}

/** True, false, or unknown. */
type Truth = boolean | null;

/** Whether a row has what a tree asks for. Parts that are not complete are passed over, like groups without any. */
export function holds(group: Group, row: Row, subjects: readonly Subject[]): boolean {
  const truth = truthOf(group, row, subjects);
  return truth === undefined || truth === true;
}

/** Undefined: it asks for nothing. */
function truthOf(part: Part, row: Row, subjects: readonly Subject[]): Truth | undefined {
  if (part.kind === 'condition') return conditionTruth(part, row, subjects.find(({ field }) => field === part.field)!);
  const truths = part.parts.map((each) => truthOf(each, row, subjects)).filter((truth) => truth !== undefined);
  if (truths.length === 0) return undefined;
  const isAll = part.join === 'all' || part.join === 'some-not';
  const decisive = !isAll;
  const joined: Truth = truths.includes(decisive) ? decisive : truths.includes(null) ? null : !decisive;
  return part.join === 'all' || part.join === 'any' || joined === null ? joined : !joined;
}

const NOTHING = Symbol('nothing there');
const FIELDS = new Set(Object.keys(SCHEMA.fields));

/** What lies at a place of a row's JSON. */
function inside(value: unknown, path: Path): unknown {
  let at: unknown = value;
  for (const step of path) {
    if (typeof step === 'number' ? !Array.isArray(at) || step >= at.length : typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, step)) return NOTHING;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

/** Without half characters. */
const isWhole = (text: string): boolean => Buffer.from(text, 'utf8').toString('utf8') === text;

/** A typed text as a value of JavaScript; undefined: it is none, so the condition is not complete. */
function valueOf(kind: ValueKind, text: string): string | number | bigint | boolean | undefined {
  if (text === '') return undefined;
  if (kind === 'text') return isWhole(text) ? text : undefined;
  if (kind === 'flag') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (/^-?\d+$/.test(text)) {
    const whole = BigInt(text);
    if (BigInt.asIntN(64, whole) === whole) return whole;
    return kind === 'integer' ? undefined : Number(text);
  }
  const number = Number(text);
  return kind === 'integer' || !Number.isFinite(number) ? undefined : number;
}

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');
const compared = (a: unknown, b: unknown): number => (typeof a === 'string' ? Buffer.compare(utf8(a), utf8(b as string)) : (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0);
const isNumber = (value: unknown): boolean => typeof value === 'number' || typeof value === 'bigint';
const sameType = (a: unknown, b: unknown): boolean => typeof a === typeof b || (isNumber(a) && isNumber(b));
// oxlint-disable-next-line eqeqeq -- a number and a bigint of one value are the same
const same = (a: unknown, b: unknown): boolean => sameType(a, b) && (isNumber(a) ? (a as number) == (b as number) : a === b);

function conditionTruth(condition: Condition, row: Row, subject: Subject): Truth | undefined {
  const { operator, path, as } = condition;
  const wanted = OPERATORS[operator].values;
  const kind = readAs(subject, as, operator);
  const values = condition.values.map((text) => valueOf(kind, text));
  // Texts in a list may be empty: they were added one by one.
  let given = wanted === null && kind === 'text' ? condition.values.map((text) => (isWhole(text) ? text : undefined)) : values;
  if (wanted === null ? given.length === 0 : given.length < wanted) return undefined;
  if (given.some((value) => value === undefined)) return undefined;
  if (operator === 'between' && compared(given[0], given[1]) > 0) return undefined;

  // Beside a Double, whole numbers are doubles, too.
  if (subject.kind === 'number') given = given.map((value) => (typeof value === 'bigint' ? Number(value) : value));

  const isJson = subject.kind === 'json';
  const root = condition.field === DYNAMIC ? Object.fromEntries(Object.entries(row).filter(([key]) => !FIELDS.has(key))) : row[condition.field];
  if (isJson && root === null && operator !== 'null' && operator !== 'not-null') return null;
  const value = isJson ? inside(root, path) : root;
  const isMissing = value === null || value === NOTHING;
  if (operator === 'null') return isMissing;
  if (operator === 'not-null') return !isMissing;
  if (operator === 'exists') return !isMissing;
  if (!isJson && value === null) return null;

  switch (operator) {
    case 'true':
    case 'false':
      return value === (operator === 'true');
    case 'eq':
      return same(value, given[0]);
    case 'ne':
      return !same(value, given[0]);
    case 'lt':
      return sameType(value, given[0]) && compared(value, given[0]) < 0;
    case 'le':
      return sameType(value, given[0]) && compared(value, given[0]) <= 0;
    case 'gt':
      return sameType(value, given[0]) && compared(value, given[0]) > 0;
    case 'ge':
      return sameType(value, given[0]) && compared(value, given[0]) >= 0;
    case 'between':
      return sameType(value, given[0]) && compared(value, given[0]) >= 0 && compared(value, given[1]) <= 0;
    case 'in':
      return given.some((each) => same(value, each));
    case 'not-in':
      return !given.some((each) => same(value, each));
    case 'empty':
      return value === '';
    case 'starts':
      return typeof value === 'string' && value.startsWith(given[0] as string);
    case 'contains':
      return typeof value === 'string' && value.includes(given[0] as string);
    case 'ends':
      return typeof value === 'string' && value.endsWith(given[0] as string);
    case 'like':
      return typeof value === 'string' && plainLike(given[0] as string, value);
    case 'matches':
      return typeof value === 'string' && new RegExp(given[0] as string, 'us').test(value);
    case 'not-matches':
      return typeof value !== 'string' || !new RegExp(given[0] as string, 'us').test(value);
    case 'has':
      return Array.isArray(value) && value.some((each) => same(each, given[0]));
    case 'has-all':
      return Array.isArray(value) && given.every((wantedOne) => value.some((each) => same(each, wantedOne)));
    case 'has-any':
      return Array.isArray(value) && given.some((wantedOne) => value.some((each) => same(each, wantedOne)));
    case 'is-list':
      return Array.isArray(value) && value.length === given.length && value.every((each, i) => same(each, given[i]));
    case 'length-eq':
      return Array.isArray(value) && BigInt(value.length) === given[0];
    case 'length-gt':
      return Array.isArray(value) && BigInt(value.length) > (given[0] as bigint);
    case 'length-lt':
      return Array.isArray(value) && BigInt(value.length) < (given[0] as bigint);
    default:
      throw new Error(`what does ${String(operator)} mean?`);
  }
}
