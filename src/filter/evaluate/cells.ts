/** For the general way of evaluation a Value becomes a function from row to cell. */
import type { Column } from '../../schema/column.ts';
import { getBit } from '../../schema/column-values.ts';
import { readUtf8 } from '../../schema/utf8.ts';
import { decodeJsonString, jsonArrayLength, JsonScanner, readJsonNumber } from '../json-path.ts';
import type { Ref, Value } from '../predicate.ts';
import { calculate } from './arithmetic.ts';
import { MISMATCH, type Cell } from './cell.ts';
import { pathOf } from './json.ts';
import type { Scope } from './scope.ts';

export type Reader = (row: number) => Cell;

/** Cells of a Value, for each row of the scope. */
export function readerOf(value: Value, scope: Scope): Reader {
  switch (value.kind) {
    case 'literal': {
      const cell = value.value;
      return () => cell;
    }
    case 'length':
      return lengthReader(value.of, scope);
    case 'arithmetic': {
      const { type, operator } = value;
      const left = operandOf(value.left, type, scope);
      const right = operandOf(value.right, type, scope);
      return (row) => calculate(type, operator, left(row), right(row));
    }
    default:
      return refReader(value, scope);
  }
}

/** A literal without a fraction is an integer, where not all is calculated in doubles. */
function operandOf(value: Value, type: 'int' | 'float' | 'json', scope: Scope): Reader {
  if (value.kind !== 'literal' || type === 'float' || !Number.isInteger(value.value)) return readerOf(value, scope);
  const cell = BigInt(value.value);
  return () => cell;
}

function refReader(ref: Ref, scope: Scope): Reader {
  const column = scope.column(ref.field);
  if (ref.field.type === 'JSON') return jsonReader(ref, scope, jsonCell);
  if (ref.kind === 'element') {
    const offsets = column.offsets as Int32Array;
    const read = columnReader(column.elements as Column);
    const { index } = ref;
    return (row) => {
      if (isNull(column, row)) return null;
      const at = offsets[row] + index;
      return at < offsets[row + 1] ? read(at) : MISMATCH;
    };
  }
  const read = columnReader(column);
  return (row) => (isNull(column, row) ? null : read(row));
}

function lengthReader(ref: Ref, scope: Scope): Reader {
  if (ref.field.type === 'JSON') return jsonReader(ref, scope, (scanner, bytes) => (scanner.kind === 'array' ? BigInt(jsonArrayLength(scanner, bytes, scanner.from, scanner.to)) : MISMATCH));
  const column = scope.column(ref.field);
  const offsets = column.offsets as Int32Array;
  return (row) => (isNull(column, row) ? null : BigInt(offsets[row + 1] - offsets[row]));
}

function jsonReader(ref: Ref, scope: Scope, read: (scanner: JsonScanner, bytes: Uint8Array) => Cell): Reader {
  const column = scope.column(ref.field);
  const bytes = column.values as Uint8Array;
  const offsets = column.offsets as Int32Array;
  const scanner = new JsonScanner();
  const path = pathOf(ref);
  return (row) => {
    if (isNull(column, row)) return null;
    scanner.find(bytes, offsets[row], offsets[row + 1], path);
    return read(scanner, bytes);
  };
}

function jsonCell({ kind, from, to }: JsonScanner, bytes: Uint8Array): Cell {
  switch (kind) {
    case 'true':
    case 'false':
      return kind === 'true';
    case 'number': {
      const number = readJsonNumber(bytes, from, to);
      return typeof number === 'number' && Number.isSafeInteger(number) ? BigInt(number) : number;
    }
    case 'string': {
      const text = new Uint8Array(to - from);
      return readUtf8(text, 0, decodeJsonString(bytes, from, to, text));
    }
    default:
      return MISMATCH;
  }
}

/** Of all rows, NULLs or not. */
function columnReader({ type, values, offsets }: Column): (row: number) => Cell {
  switch (type) {
    case 'Bool':
      return (row) => getBit(values as Uint8Array, row);
    case 'Int8':
    case 'Int16':
    case 'Int32':
      return (row) => BigInt(values[row]);
    case 'VarChar':
      return (row) => readUtf8(values as Uint8Array, offsets![row], offsets![row + 1]);
    case 'Array':
      return () => MISMATCH;
    default:
      return (row) => values[row];
  }
}

const isNull = ({ validity }: Column, row: number): boolean => validity !== null && !getBit(validity, row);
