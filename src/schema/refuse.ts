/** The words of a refusal: the field in quotes, what was expected, what came. */
import { ElanusError } from '../util/error.ts';

/** Row number of a value that belongs to no row. */
export const NO_ROW = -1;

/** Throws INVALID_ARGUMENT: `"price" of row 3 expected a number, got "x"`. `row` is NO_ROW where there are no rows. */
export function refuse(label: string, row: number, expected: string, got: string): never {
  const where = row < 0 ? `"${label}"` : `"${label}" of row ${row}`;
  throw new ElanusError('INVALID_ARGUMENT', `${where} expected ${expected}, got ${got}`, row < 0 ? { field: label } : { field: label, row });
}

/** Throws NOT_SUPPORTED for something that is designed and not there yet. */
export function notSupported(label: string, what: string, instead: string): never {
  throw new ElanusError('NOT_SUPPORTED', `"${label}": ${what} is not supported yet; ${instead}`, { field: label });
}

/** A value, short enough for a message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) {
    const tag = (value as unknown as { [Symbol.toStringTag]?: string })[Symbol.toStringTag];
    return `${tag ?? 'a view'} of ${(value as unknown as { length?: number }).length ?? value.byteLength}`;
  }
  return 'an object';
}

/** A plain record of options: an object that is no array, no view and no iterable of its own. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
