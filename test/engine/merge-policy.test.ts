import { describe, expect, test } from 'vitest';
import { FAN_OUT, fullMerges, nextMerge, type Mergeable } from '../../src/engine/merge-policy.ts';
import { random } from '../support/random.ts';

const segment = (rows: number, reclaimableRows = 0, historyRows = 0): Mergeable => ({ rows, reclaimableRows, historyRows });
const many = (count: number, rows: number): Mergeable[] => Array.from({ length: count }, () => segment(rows));

describe('which segments are merged', () => {
  test('as many of one size as the fan-out, and no fewer', () => {
    expect(nextMerge(many(FAN_OUT - 1, 65_536), Infinity)).toBeNull();
    expect(nextMerge(many(FAN_OUT, 65_536), Infinity)).toHaveLength(FAN_OUT);
    // Segments of other sizes do not count.
    expect(nextMerge([...many(FAN_OUT - 1, 65_536), segment(2_000_000), segment(10)], Infinity)).toBeNull();
  });

  test('no merge makes more rows than may be', () => {
    expect(nextMerge(many(20, 65_536), 65_536 * 10)).toHaveLength(10);
    expect(nextMerge(many(20, 65_536), 65_536 * 7)).toBeNull();
    expect(fullMerges(many(20, 100), 1_000, true).map((group) => group.length)).toEqual([10, 10]);
  });

  test('what is mostly dead is written anew, alone', () => {
    const dead = segment(1_000, 201);
    expect(nextMerge([segment(1_000, 200), dead], Infinity)).toEqual([dead]);
    expect(nextMerge([segment(1_000, 200)], Infinity)).toBeNull();
    expect(fullMerges([segment(1_000, 1)], Infinity, true)).toEqual([]);
    expect(fullMerges([segment(1_000, 1)], Infinity, false)).toHaveLength(1);
    expect(fullMerges([segment(1_000, 0)], Infinity, false)).toEqual([]);
  });

  test('much history is put apart, and then left alone', () => {
    const much = segment(1_000, 0, 201);
    expect(nextMerge([much], Infinity)).toEqual([much]);
    expect(nextMerge([segment(1_000, 0, 200)], Infinity)).toBeNull();
    const apart = [segment(800, 0, 0), segment(200, 0, 200)];
    expect(nextMerge(apart, Infinity)).toBeNull();
    expect(fullMerges(apart, Infinity, false)).toEqual([]);
    // What lives and what does not are never merged with each other, and each in its tiers.
    const seven = Array.from({ length: FAN_OUT - 1 }, () => [segment(500), segment(500, 0, 500)]).flat();
    expect(nextMerge(seven, Infinity)).toBeNull();
    expect(nextMerge([...seven, segment(500, 0, 500)], Infinity)).toEqual(Array.from({ length: FAN_OUT }, () => segment(500, 0, 500)));
    expect(fullMerges(seven, Infinity, true).map((group) => group.length)).toEqual([FAN_OUT - 1, FAN_OUT - 1]);
    // Gone for good, it goes.
    expect(nextMerge([segment(200, 41, 159)], Infinity)).toHaveLength(1);
  });

  test.each([100, 5_000, 65_536])('a row is written again once per tier: seals of %d rows', (rowsPerSeal) => {
    const next = random(rowsPerSeal);
    let segments: Mergeable[] = [];
    let sealed = 0;
    let rewritten = 0;
    for (let i = 0; i < 3_000; i++) {
      const rows = Math.ceil(rowsPerSeal * (0.5 + next()));
      sealed += rows;
      segments.push(segment(rows));
      for (let group = nextMerge(segments, Infinity); group; group = nextMerge(segments, Infinity)) {
        const merged = group.reduce((sum, { rows: each }) => sum + each, 0);
        rewritten += merged;
        segments = [...segments.filter((each) => !group!.includes(each)), segment(merged)];
      }
    }
    // Tiers of eightfold size: log8 of the number of seals, and one where sizes lie across a border.
    const tiers = Math.log(3_000) / Math.log(FAN_OUT);
    expect(segments.length).toBeLessThanOrEqual((FAN_OUT - 1) * (tiers + 2));
    expect(rewritten / sealed).toBeLessThanOrEqual(tiers + 1);
  });
});
