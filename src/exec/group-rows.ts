/**
 * Which rows of a segment have the same value of a field, for searches that answer groups. Made when a segment is first searched so,
 * and kept with it: a sealed segment never changes, a growing one gets rows at its end.
 */
import { valueAt } from '../schema/column-values.ts';
import type { Column } from '../schema/column.ts';
import type { Field } from '../schema/types.ts';
import type { Segment } from './matches.ts';
import type { Slices } from './slices.ts';

/** NULL is a value. Int64: a number where a double holds it exactly. */
export type GroupValue = boolean | number | bigint | string | null;

/** Fields that a segment remembers the groups of. */
const REMEMBERED_MAX = 2;
const ROWS_PER_STEP = 4096;

const remembered = new WeakMap<Segment, Map<number, GroupRows>>();

/** The rows of each value: eight bytes a row, and each value once. */
export class GroupRows {
  readonly #values: GroupValue[] = [];
  readonly #ordinals = new Map<GroupValue, number>();
  /** By ordinal: the last of its rows. */
  readonly #last: number[] = [];
  /** By row: its ordinal, and the row of the same value before it; -1 where there is none. */
  #ordinalOf = new Uint32Array(0);
  #before = new Int32Array(0);
  rows = 0;

  valueAt(row: number): GroupValue {
    return this.#values[this.#ordinalOf[row]!]!;
  }

  forEach(value: GroupValue, use: (row: number) => void): void {
    const ordinal = this.#ordinals.get(value);
    if (ordinal === undefined) return;
    for (let row = this.#last[ordinal]!; row >= 0; row = this.#before[row]!) use(row);
  }

  /** Takes in rows of the column up to `to`. */
  extend(column: Column, to: number): void {
    if (this.#before.length < to) {
      const capacity = Math.max(column.length, Math.min(2 * this.rows, column.length + 65_536));
      this.#ordinalOf = grown(this.#ordinalOf, new Uint32Array(capacity));
      this.#before = grown(this.#before, new Int32Array(capacity));
    }
    for (let row = this.rows; row < to; row++) {
      const value = groupValue(column, row);
      let ordinal = this.#ordinals.get(value);
      if (ordinal === undefined) {
        ordinal = this.#values.length;
        this.#ordinals.set(value, ordinal);
        this.#values.push(value);
        this.#last.push(-1);
      }
      this.#ordinalOf[row] = ordinal;
      this.#before[row] = this.#last[ordinal]!;
      this.#last[ordinal] = row;
    }
    this.rows = to;
  }
}

function grown<A extends Uint32Array | Int32Array>(old: A, room: A): A {
  room.set(old);
  return room;
}

function groupValue(column: Column, row: number): GroupValue {
  const value = valueAt(column, row) as GroupValue;
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The groups of a segment's rows. Segments stay pinned by the caller. */
export async function groupRows(segment: Segment, field: Field, slices: Slices): Promise<GroupRows> {
  let fields = remembered.get(segment);
  if (!fields) remembered.set(segment, (fields = new Map()));
  const column = 'keys' in segment ? (segment.useColumn(field.fieldId) ?? (await segment.loadColumn(field))) : segment.column(field);
  // Shared only when it is whole: another search may go on with it while this one gives way.
  const known = fields.get(field.fieldId);
  const groups = known ?? new GroupRows();
  while (groups.rows < column.length) {
    groups.extend(column, known ? column.length : Math.min(groups.rows + ROWS_PER_STEP, column.length));
    if (!known && slices.isOver) await slices.pause();
  }
  fields.delete(field.fieldId);
  fields.set(field.fieldId, groups);
  if (fields.size > REMEMBERED_MAX) for (const oldest of fields.keys()) { fields.delete(oldest); break; }
  return groups;
}
