/**
 * The user's arrays of an Array field, checked and laid out as a column. Apart from `values.ts`, because few schemas have such a
 * field: who writes to one passes `arrayColumn` along.
 */
import { ElanusError, isElanusError } from '../util/error.ts';
import { elementField } from './arrays.ts';
import type { BatchBudget } from './budget.ts';
import type { Column } from './column.ts';
import { concatColumns, emptyColumn } from './column-ops.ts';
import { refuse, show } from './refuse.ts';
import type { Field } from './types.ts';
import { toColumn } from './values.ts';

/** Elements that are laid out at a time: so that what the budget refuses was never in one list. */
const ELEMENTS_AT_ONCE = 65_536;

/**
 * A column of `values`, one array or typed array per row; where `validity` has no bit, an empty one. INVALID_ARGUMENT for what is no
 * array, for more elements than the field's capacity, and for an element that its type cannot hold or that is missing.
 */
export function arrayColumn(field: Field, values: ArrayLike<unknown>, validity: Uint8Array | null, budget: BatchBudget): Column {
  const { fieldId, name } = field;
  const capacity = field.maxCapacity!;
  const element = elementField(field);
  const length = values.length;
  budget.take((length + 1) * 4);
  const offsets = new Int32Array(length + 1);
  const parts: Column[] = [];
  /** Elements that have been laid out. */
  let done = 0;
  let waiting: unknown[] = [];
  const layOut = (): void => {
    try {
      parts.push(toColumn(element, waiting, budget));
    } catch (error) {
      throw withPlace(error, name, offsets, done);
    }
    done += waiting.length;
    waiting = [];
  };
  for (let row = 0; row < length; row++) {
    const list = values[row];
    if (!isList(list)) refuse(name, row, 'an array', list === undefined ? 'nothing' : list === null ? 'null (the field is not nullable)' : show(list));
    if (list.length > capacity) refuse(name, row, `at most ${capacity} elements`, String(list.length));
    for (let i = 0; i < list.length; i++) {
      const value = list[i];
      if (value === undefined || value === null) refuse(name, row, `a value at element ${i}`, value === null ? 'null' : 'a hole or undefined');
      waiting.push(value);
    }
    offsets[row + 1] = offsets[row] + list.length;
    if (waiting.length >= ELEMENTS_AT_ONCE || row === length - 1) layOut();
  }
  return { fieldId, type: 'Array', length, dim: 1, validity, values: new Uint8Array(0), offsets, elements: parts.length === 0 ? emptyColumn(element) : parts.length === 1 ? parts[0] : concatColumns(parts) };
}

const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

/** A refusal of one of the elements from number `first` on, with the row that it is in. */
function withPlace(error: unknown, name: string, offsets: Int32Array, first: number): unknown {
  if (!isElanusError(error) || typeof error.detail['row'] !== 'number') return error;
  const at = first + error.detail['row'];
  let row = 0;
  while (offsets[row + 1] <= at) row++;
  const element = at - offsets[row];
  const message = error.message.replace(`"${name}" of row ${error.detail['row']} `, `"${name}" of row ${row}, element ${element}, `);
  return new ElanusError(error.code, message, { ...error.detail, row, element });
}
