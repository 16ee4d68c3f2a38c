/**
 * A value of one row, as the general way of evaluation sees it: a Value becomes a function from row to cell. Integers are
 * bigints and doubles are numbers, so that a cell tells which arithmetic it takes part in.
 */
import type { Column } from '../../schema/column.ts';
import { getBit } from '../../schema/column-values.ts';
import { readUtf8 } from '../../schema/utf8.ts';
import type { ArithmeticOperator, Ref, Value } from '../predicate.ts';
import { readJson } from './json.ts';
import type { Scope } from './scope.ts';

/** What is not there, or not of the type asked for. */
export const MISMATCH: unique symbol = Symbol('mismatch');
/** null: NULL. Arrays and objects are of JSON. */
export type Cell = typeof MISMATCH | null | boolean | bigint | number | string | readonly unknown[] | object;
export type Reader = (row: number) => Cell;

/** Cells of a Value whose refs are at the rows of the scope. */
export function readerOf(value: Value, scope: Scope): Reader {
  switch (value.kind) {
    case 'literal': {
      const cell = value.value;
      return () => cell;
    }
    case 'length': {
      const { of } = value;
      if (of.kind === 'field' && of.field.type === 'Array') {
        const column = scope.column(of.field);
        const offsets = column.offsets as Int32Array;
        return (row) => (isNull(column, row) ? null : BigInt(offsets[row + 1] - offsets[row]));
      }
      const read = refReader(of, scope);
      return (row) => {
        const cell = read(row);
        return cell === null ? null : Array.isArray(cell) ? BigInt(cell.length) : MISMATCH;
      };
    }
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

/** A literal without a point is an integer, where not all is calculated in doubles. */
function operandOf(value: Value, type: 'int' | 'float' | 'json', scope: Scope): Reader {
  if (value.kind !== 'literal' || type === 'float' || !Number.isInteger(value.value)) return readerOf(value, scope);
  const cell = BigInt(value.value);
  return () => cell;
}

/** Cells of a ref. A JSON field as a whole is the value at the empty path; an Array field has none. */
export function refReader(ref: Ref, scope: Scope): Reader {
  const column = scope.column(ref.field);
  if (ref.field.type === 'JSON') {
    const path = ref.kind === 'path' ? ref.path : [];
    const offsets = column.offsets as Int32Array;
    return (row) => {
      if (isNull(column, row)) return null;
      const value = readJson(column.values as Uint8Array, offsets[row], offsets[row + 1], path);
      return value === undefined || value === null ? MISMATCH : value;
    };
  }
  if (ref.kind === 'element') {
    const offsets = column.offsets as Int32Array;
    const element = elementReader(column.elements as Column);
    const { index } = ref;
    return (row) => {
      if (isNull(column, row)) return null;
      const at = offsets[row] + index;
      return at < offsets[row + 1] ? element(at) : MISMATCH;
    };
  }
  const read = elementReader(column);
  return (row) => (isNull(column, row) ? null : read(row));
}

/** Cells of a column whose rows are all present. */
export function elementReader(column: Column): (row: number) => Cell {
  const { values, offsets } = column;
  switch (column.type) {
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

export const isNull = (column: Column, row: number): boolean => column.validity !== null && !getBit(column.validity, row);

export const isNumeric = (cell: unknown): cell is number | bigint => typeof cell === 'number' || typeof cell === 'bigint';

/** Unknown (null) where an operand is, or where an integer is divided by 0; a mismatch where one is no number. */
export function calculate(type: 'int' | 'float' | 'json', operator: ArithmeticOperator, left: Cell, right: Cell): Cell {
  if (left === null || right === null) return null;
  if (!isNumeric(left) || !isNumeric(right)) return MISMATCH;
  if (type !== 'float' && typeof left === 'bigint' && typeof right === 'bigint') return calculateInt(operator, left, right);
  return type === 'int' ? MISMATCH : calculateFloat(operator, Number(left), Number(right));
}

/** In 64 bits that wrap around. A shift counts modulo 64 and keeps the sign. null: divided by 0. */
function calculateInt(operator: ArithmeticOperator, left: bigint, right: bigint): bigint | null {
  if (right === 0n && (operator === '/' || operator === '%')) return null;
  return BigInt.asIntN(64, INT[operator](left, right));
}

const INT: Readonly<Record<ArithmeticOperator, (left: bigint, right: bigint) => bigint>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '&': (left, right) => left & right,
  '|': (left, right) => left | right,
  '^': (left, right) => left ^ right,
  '<<': (left, right) => left << (right & 63n),
  '>>': (left, right) => left >> (right & 63n),
};

/** In doubles. What is defined of integers alone is a mismatch. */
function calculateFloat(operator: ArithmeticOperator, left: number, right: number): Cell {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return MISMATCH;
  }
}
