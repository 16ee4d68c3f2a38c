/** Which group each row is in: rows with the same values of some fields, NULL taken as a value, are in one. Numbered as they come. */
import type { Column } from '../../schema/column.ts';
import type { Field } from '../../schema/types.ts';
import { ElanusError } from '../../util/error.ts';
import { distinctValues, type Distinct, type GroupValue } from './distinct.ts';

/** All of them are in memory before the first is answered. */
export const GROUPS_MAX = 1 << 20;
/** More than there are numbers of values or groups before too many are noticed, at the end of a chunk of rows. */
const RADIX = GROUPS_MAX * 2;

/** What the fields up to one divide rows into. */
interface Level {
  readonly values: Distinct;
  /** The group by the fields before, times RADIX, plus the number of the value; and what that pair is. */
  readonly groups: Map<number, number>;
  readonly pairs: number[];
}

export class Groups {
  readonly #levels: readonly Level[];

  /** Without fields all rows are in one group, which there is even where there are no rows. */
  constructor(fields: readonly Field[]) {
    this.#levels = fields.map((field) => ({ values: distinctValues(field), groups: new Map(), pairs: [] }));
  }

  get count(): number {
    return this.#levels.length === 0 ? 1 : this.#levels.at(-1)!.pairs.length;
  }

  /** The group of each row. `columns`: of the fields, in their order. INVALID_ARGUMENT where there are too many. */
  of(columns: readonly Column[], rows: Uint32Array): Uint32Array {
    const groups = new Uint32Array(rows.length);
    const numbers = new Uint32Array(rows.length);
    this.#levels.forEach((level, i) => {
      level.values.number(columns[i]!, rows, numbers);
      for (let row = 0; row < rows.length; row++) groups[row] = groupOf(level, groups[row]! * RADIX + numbers[row]!);
      if (level.pairs.length > GROUPS_MAX) throw new ElanusError('INVALID_ARGUMENT', `"groupBy" expected at most ${GROUPS_MAX} groups, got more: take fields with fewer values, or a filter`, { parameter: 'groupBy' });
    });
    return groups;
  }

  /** In the order of the fields. */
  valuesOf(group: number): GroupValue[] {
    const values: GroupValue[] = [];
    let at = group;
    for (const level of this.#levels.toReversed()) {
      const pair = level.pairs[at]!;
      values.unshift(level.values.value(pair % RADIX));
      at = Math.floor(pair / RADIX);
    }
    return values;
  }
}

function groupOf({ groups, pairs }: Level, pair: number): number {
  const known = groups.get(pair);
  if (known !== undefined) return known;
  groups.set(pair, pairs.length);
  return pairs.push(pair) - 1;
}
