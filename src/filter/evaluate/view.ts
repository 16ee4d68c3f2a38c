/**
 * Values of one type, one for every row: of a scalar field, of the elements of an Array field at one position, of its lengths.
 * What the loops over columns read.
 */
import type { Column } from '../../schema/column.ts';
import { newValues } from '../../schema/column-values.ts';
import type { ElementType, Field } from '../../schema/types.ts';
import type { Value } from '../predicate.ts';
import { scanBool } from './bools.ts';
import type { Condition } from './condition.ts';
import { doubleLoop, scanDoubles } from './doubles.ts';
import { int32Loop, scanInt32 } from './int32.ts';
import { scanInt64 } from './int64.ts';
import type { Scope } from './scope.ts';
import { scanTexts, type Texts } from './texts.ts';

export interface View {
  /** Whose NULLs are the view's. */
  readonly field: Field;
  readonly type: ElementType;
  /** One for every row, as in {@link Column}; null: of VarChar. */
  readonly values: Column['values'] | null;
  readonly texts: Texts | null;
  /** Rows that have no such value, NULLs or not; null: none. */
  readonly absent: Uint32Array | null;
}

/** null: the value is no such thing, but calculated, or of JSON. */
export function viewOf(value: Value, scope: Scope): View | null {
  switch (value.kind) {
    case 'field': {
      const { field } = value;
      if (field.type === 'JSON' || field.type === 'Array') return null;
      return columnView(field, scope.column(field));
    }
    case 'element':
      return elementView(value.field, value.index, scope);
    case 'length': {
      const { of } = value;
      if (of.kind !== 'field' || of.field.type !== 'Array') return null;
      const offsets = scope.column(of.field).offsets as Int32Array;
      const lengths = new Int32Array(scope.rows);
      for (let row = 0; row < lengths.length; row++) lengths[row] = offsets[row + 1] - offsets[row];
      return { field: of.field, type: 'Int32', values: lengths, texts: null, absent: null };
    }
    default:
      return null;
  }
}

/** All values of a column of scalars. */
export function columnView(field: Field, { type, values, offsets }: Column): View {
  const texts = type === 'VarChar' ? { bytes: values as Uint8Array, starts: offsets!, ends: offsets!.subarray(1), offsets: offsets! } : null;
  return { field, type: type as ElementType, values: texts === null ? values : null, texts, absent: null };
}

function elementView(field: Field, index: number, scope: Scope): View {
  const { rows } = scope;
  const column = scope.column(field);
  const offsets = column.offsets as Int32Array;
  const elements = column.elements as Column;
  const type = elements.type as ElementType;
  const absent = new Uint32Array(scope.all.length);
  /** Where each row's element is; 0 where it has none. */
  const places = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = offsets[row] + index;
    const isThere = +(at < offsets[row + 1]);
    places[row] = at * isThere;
    absent[row >>> 5] |= (1 - isThere) << (row & 31);
  }
  if (elements.length === 0) return { field, type, values: newValues(type, rows), texts: type === 'VarChar' ? NO_TEXTS(rows) : null, absent };
  if (type === 'VarChar') {
    const from = elements.offsets as Int32Array;
    return { field, type, values: null, texts: { bytes: elements.values as Uint8Array, starts: places.map((at) => from[at]), ends: places.map((at) => from[at + 1]), offsets: null }, absent };
  }
  const values = newValues(type, rows);
  if (type === 'Bool') {
    const bits = elements.values as Uint8Array;
    for (let row = 0; row < rows; row++) values[row >> 3] = (values[row >> 3] as number) | (((bits[places[row] >> 3] >> (places[row] & 7)) & 1) << (row & 7));
  } else {
    gather(asBits(elements.values), places, asBits(values), type === 'Int64' || type === 'Double' ? 2 : 1);
  }
  return { field, type, values, texts: null, absent };
}

const NO_TEXTS = (rows: number): Texts => ({ bytes: new Uint8Array(0), starts: new Int32Array(rows), ends: new Int32Array(rows), offsets: null });

/** Elements as unsigned numbers of their width, of 32 bits at most: so the loop sees three types of array. */
function asBits({ buffer, byteOffset, byteLength, BYTES_PER_ELEMENT }: Column['values']): Uint8Array | Uint16Array | Uint32Array {
  if (BYTES_PER_ELEMENT === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  return BYTES_PER_ELEMENT === 2 ? new Uint16Array(buffer, byteOffset, byteLength >> 1) : new Uint32Array(buffer, byteOffset, byteLength >> 2);
}

function gather(from: Uint8Array | Uint16Array | Uint32Array, places: Int32Array, to: Uint8Array | Uint16Array | Uint32Array, units: 1 | 2): void {
  if (units === 1) {
    for (let row = 0; row < places.length; row++) to[row] = from[places[row]];
  } else {
    for (let row = 0; row < places.length; row++) {
      const at = places[row] * 2;
      to[row * 2] = from[at];
      to[row * 2 + 1] = from[at + 1];
    }
  }
}

/** Rows whose value meets a condition, whatever stands in those that are absent or NULL. */
export function scanView({ type, values, texts }: View, rows: number, condition: Condition, mask: Uint32Array): Uint32Array {
  switch (type) {
    case 'Bool':
      return scanBool(values as Uint8Array, rows, condition, mask);
    case 'Int8':
    case 'Int16':
    case 'Int32':
      return scanInt32(values as Int32Array, rows, int32Loop(condition), mask);
    case 'Int64':
      return scanInt64(values as BigInt64Array, rows, condition, mask);
    case 'Float':
    case 'Double':
      return scanDoubles(values as Float64Array, rows, doubleLoop(condition), mask);
    case 'VarChar':
      return scanTexts(texts!, condition, mask);
  }
}
