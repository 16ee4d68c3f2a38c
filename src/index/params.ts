/** Checks of index parameters, shared by the index types. */
import { ElanusError } from '../util/error.ts';
import type { ParamValue } from './index.ts';

type Raw = Readonly<Record<string, unknown>>;

/** Refuses parameters that are not among `known`. A value of undefined counts as absent. */
export function refuseUnknown(typeName: string, raw: Raw, known: readonly string[], kind: 'build' | 'search'): void {
  for (const name of Object.keys(raw)) {
    if (raw[name] === undefined || known.includes(name)) continue;
    const expected = known.length === 0 ? `no ${kind} parameters` : `one of ${known.join(', ')}`;
    throw new ElanusError('INVALID_ARGUMENT', `"${name}" expected ${expected} for ${typeName}, got an unknown parameter`, { parameter: name, index: typeName, known });
  }
}

/** An integer in [min, max], or the default where absent. */
export function integerParam(raw: Raw, name: string, min: number, max: number, fallback: number): number {
  const value = raw[name];
  if (value === undefined) return fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw outOfRange(name, `an integer in [${min}, ${max}]`, value);
}

/** A finite number in [min, max], or the default where absent. */
export function numberParam(raw: Raw, name: string, min: number, max: number, fallback: number): number {
  const value = raw[name];
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw outOfRange(name, `a number in [${min}, ${max}]`, value);
}

export function booleanParam(raw: Raw, name: string, fallback: boolean): boolean {
  const value = raw[name];
  if (value === undefined) return fallback;
  if (typeof value === 'boolean') return value;
  throw outOfRange(name, 'true or false', value);
}

/** A whole number of Milvus's range of which this release serves some. */
export function servedParam(raw: Raw, name: string, served: readonly number[], max: number, fallback: number): number {
  const value = integerParam(raw, name, 1, max, fallback);
  if (served.includes(value)) return value;
  throw new ElanusError('NOT_SUPPORTED', `"${name}" expected ${served.join(' or ')}, got ${value}`, { parameter: name, served });
}

const PARTS_MAX = 65_536;

/** `m`, the parts of a product quantizer: a divisor of the dimension. Where absent `usual`, or the next smaller divisor. */
export function partsParam(raw: Raw, dim: number, usual: number): number {
  let fallback = Math.min(usual, dim);
  while (dim % fallback !== 0) fallback--;
  const parts = integerParam(raw, 'm', 1, PARTS_MAX, fallback);
  if (dim % parts !== 0) throw new ElanusError('INVALID_ARGUMENT', `"m" expected a divisor of the dimension ${dim}, got ${parts}`, { parameter: 'm', dim });
  return parts;
}

/** One of Milvus's names, case ignored; those not served yet are NOT_SUPPORTED. */
export function nameParam(raw: Raw, name: string, served: readonly string[], known: readonly string[], fallback: string): string {
  const value = raw[name];
  if (value === undefined) return fallback;
  const upper = typeof value === 'string' ? value.toUpperCase() : '';
  if (served.includes(upper)) return upper;
  if (known.includes(upper)) throw new ElanusError('NOT_SUPPORTED', `"${name}" expected ${served.join(', ')}, got ${upper}`, { parameter: name, served });
  throw outOfRange(name, `one of ${served.join(', ')}`, value);
}

function outOfRange(name: string, expected: string, value: unknown): ElanusError {
  const got = typeof value === 'string' ? JSON.stringify(value) : typeof value === 'object' && value !== null ? 'an object' : String(value);
  return new ElanusError('INVALID_ARGUMENT', `"${name}" expected ${expected}, got ${got}`, { parameter: name, expected, got: value as ParamValue });
}
