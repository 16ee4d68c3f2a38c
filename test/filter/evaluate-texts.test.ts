/** What is asked of texts before their bytes are compared. */
import { describe, expect, it } from 'vitest';
import { rowsContaining } from '../../src/filter/evaluate/find-text.ts';
import { Dice, columnOf, field } from './evaluate-support.ts';

describe('rowsContaining', () => {
  it('finds the rows in which all of the needle stands, and none that it only begins in', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const dice = new Dice(seed);
      const text = (longest: number): string => Array.from({ length: dice.below(longest + 1) }, () => dice.pick(['a', 'b', 'ä'])).join('');
      const texts = Array.from({ length: 1 + dice.below(150) }, () => text(dice.pick([0, 3, 12])));
      const needle = text(4) || 'ab';
      const { values, offsets } = columnOf(field(1, 'VarChar'), texts, dice);
      const from = dice.below(texts.length);
      const found = rowsContaining(values as Uint8Array, offsets!.subarray(from), Buffer.from(needle));
      const rows = texts.slice(from);
      expect(rows.map((_, row) => ((found[row >> 5] >>> (row & 31)) & 1) === 1), `seed ${seed}, ${needle}`).toEqual(rows.map((each) => each.includes(needle)));
    }
  });
});
