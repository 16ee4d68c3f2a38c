/**
 * Shapes of JSON that are checked value by value in both directions: before writing (a failure is our bug) and after
 * reading (a failure is damage or a forgery). Objects are rebuilt key by key from what the shape knows, so a parsed
 * `__proto__` never reaches an assignment. bigints travel as decimal strings.
 */
import { ElanusError } from '../../util/error.ts';

export interface Shape<T> {
  /** To plain JSON. `at` is the path for errors. */
  encode(value: T, at: string): unknown;
  decode(json: unknown, at: string): T;
}

/** What a shape throws; the codec turns it into CORRUPT or INTERNAL by direction. */
export class ShapeError extends Error {}

function refuse(at: string, expected: string, got: unknown): never {
  const shown = typeof got === 'bigint' ? `${got}n` : (JSON.stringify(got) ?? String(got));
  throw new ShapeError(`"${at}" expected ${expected}, got ${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}`);
}

/** The same form in memory and in JSON. */
function plain<T>(expected: string, isValid: (value: unknown) => boolean): Shape<T> {
  const check = (value: unknown, at: string): T => (isValid(value) ? (value as T) : refuse(at, expected, value));
  return { encode: check, decode: check };
}

export const boolean: Shape<boolean> = plain('true or false', (value) => typeof value === 'boolean');

export const integer = (min: number, max = Number.MAX_SAFE_INTEGER): Shape<number> =>
  plain(`an integer of ${min} to ${max}`, (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max);

export const text = (lengthMin: number, lengthMax: number): Shape<string> =>
  plain(`text of ${lengthMin} to ${lengthMax} characters`, (value) => typeof value === 'string' && value.length >= lengthMin && value.length <= lengthMax);

export const matching = (pattern: RegExp, expected: string): Shape<string> => plain(expected, (value) => typeof value === 'string' && pattern.test(value));

export const oneOf = <const T extends string>(values: readonly T[]): Shape<T> =>
  plain(`one of ${values.join(', ')}`, (value) => typeof value === 'string' && (values as readonly string[]).includes(value));

/** A key of an object or a position in an array, inside JSON. */
export const pathStep: Shape<string | number> = plain(
  'a key or a position',
  (value) => (typeof value === 'string' && value.length <= 65_535) || (Number.isSafeInteger(value) && (value as number) >= 0),
);

/** A finite number, a string or a boolean: the value of an index's parameter. */
export const scalar: Shape<number | string | boolean> = plain(
  'a finite number, text or boolean',
  (value) => typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) || (typeof value === 'string' && value.length <= 65_535),
);

export function bigint(min: bigint, max: bigint): Shape<bigint> {
  const expected = `an integer of ${min} to ${max}`;
  return {
    encode: (value, at) => (typeof value === 'bigint' && value >= min && value <= max ? value.toString() : refuse(at, expected, value)),
    decode: (json, at) => {
      if (typeof json !== 'string' || !/^(0|-?[1-9][0-9]{0,19})$/.test(json)) return refuse(at, `${expected} in decimal text`, json);
      const value = BigInt(json);
      return value >= min && value <= max ? value : refuse(at, expected, json);
    },
  };
}

export const nullable = <T>(shape: Shape<T>): Shape<T | null> => ({
  encode: (value, at) => (value === null ? null : shape.encode(value, at)),
  decode: (json, at) => (json === null ? null : shape.decode(json, at)),
});

/** The first where the value is of it, else the second. */
export const either = <A, B>(isFirst: (value: unknown) => boolean, first: Shape<A>, second: Shape<B>): Shape<A | B> => ({
  encode: (value, at) => (isFirst(value) ? first.encode(value as A, at) : second.encode(value as B, at)),
  decode: (json, at) => (isFirst(json) ? first.decode(json, at) : second.decode(json, at)),
});

const OPTIONAL = Symbol('optional');

/** A key that may be missing. */
export const optional = <T>(shape: Shape<T>): Shape<T | undefined> =>
  ({
    [OPTIONAL]: true,
    encode: (value: T | undefined, at: string) => (value === undefined ? undefined : shape.encode(value, at)),
    decode: (json: unknown, at: string) => (json === undefined ? undefined : shape.decode(json, at)),
  }) as Shape<T | undefined>;

export const array = <T>(shape: Shape<T>): Shape<readonly T[]> => ({
  encode: (values, at) => (Array.isArray(values) ? values.map((value, i) => shape.encode(value, `${at}[${i}]`)) : refuse(at, 'an array', values)),
  decode: (json, at) => (Array.isArray(json) ? json.map((value, i) => shape.decode(value, `${at}[${i}]`)) : refuse(at, 'an array', json)),
});

/** Any keys that match, all values of one shape. */
export function record<T>(keyPattern: RegExp, shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  const map = (value: unknown, at: string, each: (value: never, at: string) => unknown): Record<string, never> => {
    const mapped: Record<string, never> = {};
    for (const [key, member] of Object.entries(plainObject(value, at))) {
      if (!keyPattern.test(key) || key === '__proto__') refuse(at, 'known keys', key);
      mapped[key] = each(member as never, `${at}.${key}`) as never;
    }
    return mapped;
  };
  return { encode: (value, at) => map(value, at, shape.encode), decode: (json, at) => map(json, at, shape.decode) };
}

/** Exactly these keys. The type makes sure that none of T's is forgotten. */
export function object<T extends object>(shapes: { readonly [K in keyof T]-?: Shape<T[K]> }): Shape<T> {
  const entries = Object.entries(shapes) as [string, Shape<never>][];
  const known = new Set(entries.map(([key]) => key));
  const map = (value: unknown, at: string, direction: 'encode' | 'decode'): T => {
    const source = plainObject(value, at);
    for (const key of Object.keys(source)) if (!known.has(key) && source[key] !== undefined) refuse(at, `the keys ${[...known].join(', ')}`, key);
    const mapped: Record<string, unknown> = {};
    for (const [key, shape] of entries) {
      const isThere = Object.hasOwn(source, key) && source[key] !== undefined;
      if (!isThere && OPTIONAL in shape) continue;
      mapped[key] = shape[direction]((isThere ? source[key] : undefined) as never, at === '' ? key : `${at}.${key}`);
    }
    return mapped as T;
  };
  return { encode: (value, at) => map(value, at, 'encode'), decode: (json, at) => map(json, at, 'decode') };
}

function plainObject(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(at, 'an object', value);
  return value as Record<string, unknown>;
}

/** Runs a conversion; a shape that does not fit becomes an error with the given code. */
export function converted<T>(code: 'CORRUPT' | 'INTERNAL', title: string, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new ElanusError(code, `${title}: ${error.message}`, { file: title }, { cause: error });
  }
}
