import { describe, expect, it } from 'vitest';
import { qpsAtRecall, upperEdge } from '../../bench/compare/curve.mjs';

describe('recall-QPS curves', () => {
  const points = [
    { recall: 0.9, qps: 1000 },
    { recall: 0.99, qps: 100 },
  ];

  it('interpolates log QPS over -log(1 - recall)', () => {
    // 1 - recall goes from 0.1 to 0.01; half of the way in its logarithm is 0.0316.
    expect(qpsAtRecall(points, 1 - Math.sqrt(0.001))).toBeCloseTo(Math.sqrt(1000 * 100), 6);
    expect(qpsAtRecall(points, 0.99)).toBeCloseTo(100, 6);
  });

  it('claims nothing faster than was measured and nothing beyond the highest recall', () => {
    expect(qpsAtRecall(points, 0.5)).toBe(1000);
    expect(qpsAtRecall(points, 0.995)).toBeNull();
    expect(qpsAtRecall([], 0.5)).toBeNull();
  });

  it('keeps perfect recall finite', () => {
    expect(qpsAtRecall([...points, { recall: 1, qps: 10 }], 0.9999)).toBeGreaterThan(10);
  });

  it('has an upper edge of the points that none beats in both', () => {
    const cloud = [
      { recall: 0.9, qps: 500 },
      { recall: 0.95, qps: 600 },
      { recall: 0.97, qps: 300 },
      { recall: 0.97, qps: 200 },
      { recall: 0.99, qps: 300 },
    ];
    expect(upperEdge(cloud)).toEqual([
      { recall: 0.95, qps: 600 },
      { recall: 0.99, qps: 300 },
    ]);
  });
});
