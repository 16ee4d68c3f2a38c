/** Where things are on the map: cameras, the point under a pointer, lassos, places of names. Compared with plain scans. */
import { describe, expect, it } from 'vitest';
import { numbersFrom, sampleOf } from '../../web-demo/src/util/random.ts';
import { between, boundsOf, fitCamera, panBy, toPlaneX, toPlaneY, toScreenX, toScreenY, zoomAt } from '../../web-demo/src/views/map/scatter/camera.ts';
import { PointGrid } from '../../web-demo/src/views/map/scatter/grid.ts';
import { densestPlaces } from '../../web-demo/src/views/map/scatter/labels.ts';
import { isInside, rowsInside, simplified } from '../../web-demo/src/views/map/scatter/lasso.ts';

const SEED = Number(process.env['SEED'] ?? 1 + Math.floor(Math.random() * 1e6));
const size = { width: 800, height: 500 };
const room = { left: 200, right: 40, bottom: 30, top: 10 };

describe(`cameras (SEED=${SEED})`, () => {
  const random = numbersFrom(SEED);
  const camera = { x: 6 * random() - 3, y: 6 * random() - 3, scale: 1 + 90 * random() };

  it('go to the screen and back', () => {
    expect(toPlaneX(camera, size, toScreenX(camera, size, 1.5))).toBeCloseTo(1.5, 9);
    expect(toPlaneY(camera, size, toScreenY(camera, size, -2.5))).toBeCloseTo(-2.5, 9);
    expect(toScreenY(camera, size, 3)).toBeLessThan(toScreenY(camera, size, 2));
  });

  it('keep in place what is zoomed at, within limits', () => {
    const limits = { min: 0.5, max: 1e4 };
    const closer = zoomAt(camera, size, 123, 321, 2.5, limits);
    expect(closer.scale).toBeCloseTo(camera.scale * 2.5, 9);
    expect(toPlaneX(closer, size, 123)).toBeCloseTo(toPlaneX(camera, size, 123), 9);
    expect(toPlaneY(closer, size, 321)).toBeCloseTo(toPlaneY(camera, size, 321), 9);
    expect(zoomAt(camera, size, 0, 0, 1e9, limits).scale).toBe(1e4);
  });

  it('move by what the finger moves', () => {
    const moved = panBy(camera, 30, -12);
    expect(toScreenX(moved, size, 1) - toScreenX(camera, size, 1)).toBeCloseTo(30, 9);
    expect(toScreenY(moved, size, 1) - toScreenY(camera, size, 1)).toBeCloseTo(-12, 9);
  });

  it('fit all points into what is free', () => {
    const positions = Float32Array.from({ length: 200 }, () => 40 * random() - 7);
    const { left, right, bottom, top } = boundsOf(positions);
    const fit = fitCamera({ left, right, bottom, top }, size, room);
    const edges = [toScreenX(fit, size, left) - room.left, size.width - room.right - toScreenX(fit, size, right), toScreenY(fit, size, top) - room.top, size.height - room.bottom - toScreenY(fit, size, bottom)];
    for (const edge of edges) expect(edge).toBeGreaterThan(-1e-6);
    // It touches two opposite edges.
    expect(Math.min(edges[0] + edges[1], edges[2] + edges[3])).toBeCloseTo(0, 6);
    expect(edges[0]).toBeCloseTo(edges[1], 6);
  });

  it('fit no point, one point, and a screen of no size', () => {
    for (const positions of [new Float32Array(0), Float32Array.from([3, 4])]) {
      for (const screen of [size, { width: 1, height: 1 }]) {
        const fit = fitCamera(boundsOf(positions), screen, room);
        expect(Object.values(fit).every(Number.isFinite)).toBe(true);
        expect(fit.scale).toBeGreaterThan(0);
      }
    }
  });

  it('meet both ends on the way between two', () => {
    const to = { x: 1, y: 2, scale: 7 };
    const begin = between(camera, to, 0);
    for (const name of ['x', 'y', 'scale'] as const) expect(begin[name]).toBeCloseTo(camera[name], 9);
    expect(between(camera, to, 1).scale).toBeCloseTo(7, 9);
    expect(between({ ...to, scale: 1 }, { ...to, scale: 100 }, 0.5).scale).toBeCloseTo(10, 9);
    // A point that is far closer in the end comes nearer to the middle of the screen all the way.
    const far = { x: 0, y: 0, scale: 1 };
    const offsets = Array.from({ length: 11 }, (_, i) => between(far, { x: 100, y: 0, scale: 1000 }, i / 10)).map((view) => Math.abs(toScreenX(view, size, 100) - size.width / 2));
    for (let i = 1; i < offsets.length; i++) expect(offsets[i]).toBeLessThan(offsets[i - 1]);
  });
});

const shapes: [string, (random: () => number) => Float32Array][] = [
  ['even', (random) => Float32Array.from({ length: 1400 }, () => 20 * random() - 10)],
  ['crowded, with one far away', (random) => Float32Array.from({ length: 802 }, (_, i) => (i < 800 ? random() ** 4 : 500))],
  ['on one line', (random) => Float32Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? random() : 2))],
  ['all in one place', () => new Float32Array(60).fill(3)],
  ['one', () => Float32Array.from([1, 1])],
  ['none', () => new Float32Array(0)],
];

describe.each(shapes)(`points under the pointer: %s (SEED=${SEED})`, (_, make) => {
  const random = numbersFrom(SEED);
  const positions = make(random);
  const rows = positions.length / 2;
  const grid = new PointGrid(positions);
  const place = (): [number, number] => {
    const at = Math.floor(random() * Math.max(rows, 1));
    return [(positions[2 * at] ?? 0) + 3 * (random() - 0.5), (positions[2 * at + 1] ?? 0) + 3 * (random() - 0.5)];
  };

  it('are those that a scan finds', () => {
    for (let round = 0; round < 200; round++) {
      const [x, y] = place();
      const radius = 3 * random() ** 2;
      const accepts = round % 2 === 0 ? undefined : (row: number) => row % 3 !== 0;
      let best = -1;
      let least = radius * radius;
      for (let row = 0; row < rows; row++) {
        const squared = (positions[2 * row] - x) ** 2 + (positions[2 * row + 1] - y) ** 2;
        if ((squared < least || (squared === least && best === -1)) && (accepts?.(row) ?? true)) [best, least] = [row, squared];
      }
      expect(grid.nearest(x, y, radius, accepts)).toBe(best);
    }
  });

  it('within a rectangle, and within a lasso, are those that a scan finds', () => {
    for (let round = 0; round < 60; round++) {
      const [[ax, ay], [bx, by]] = [place(), place()];
      const [left, right, bottom, top] = [Math.min(ax, bx), Math.max(ax, bx), Math.min(ay, by), Math.max(ay, by)];
      const within = Array.from({ length: rows }, (_, row) => row).filter((row) => positions[2 * row] >= left && positions[2 * row] <= right && positions[2 * row + 1] >= bottom && positions[2 * row + 1] <= top);
      expect([...grid.within(left, right, bottom, top)]).toEqual(within);
      const path = Array.from({ length: 3 + Math.floor(8 * random()) }, place).flat();
      const inside = Array.from({ length: rows }, (_, row) => row).filter((row) => windsOddly(path, positions[2 * row], positions[2 * row + 1]));
      expect([...rowsInside(path, grid, positions)]).toEqual(inside);
    }
  });
});

/** Counts crossings of a ray to the left, edge by edge. */
function windsOddly(path: readonly number[], x: number, y: number): boolean {
  let crossings = 0;
  for (let i = 0; i < path.length; i += 2) {
    const [ax, ay] = [path[i], path[i + 1]];
    const [bx, by] = [path[(i + 2) % path.length], path[(i + 3) % path.length]];
    const [lowX, lowY, highX, highY] = ay <= by ? [ax, ay, bx, by] : [bx, by, ax, ay];
    if (y < lowY || y >= highY) continue;
    if (lowX + ((y - lowY) / (highY - lowY)) * (highX - lowX) > x) crossings++;
  }
  return crossings % 2 === 1;
}

describe('lassos', () => {
  it('of a known shape', () => {
    const ring = [0, 0, 10, 0, 10, 10, 0, 10];
    expect([isInside(ring, 5, 5), isInside(ring, 11, 5), isInside(ring, -1, 5), isInside(ring, 5, 12)]).toEqual([true, false, false, false]);
    // An eight: both loops are inside, what lies beside its waist is not.
    const eight = [0, 0, 10, 10, 10, 0, 0, 10];
    expect([isInside(eight, 1, 5), isInside(eight, 9, 5), isInside(eight, 5, 9), isInside(eight, 5, 1)]).toEqual([true, true, false, false]);
  });

  it('of less than three corners hold nothing', () => {
    const positions = Float32Array.from([0, 0, 1, 1]);
    expect(rowsInside([0, 0, 2, 2], new PointGrid(positions), positions)).toHaveLength(0);
  });

  it('lose close corners and keep their shape', () => {
    const circle = Array.from({ length: 5000 }, (_, i) => [100 * Math.cos((i * 2 * Math.PI) / 5000), 100 * Math.sin((i * 2 * Math.PI) / 5000)]).flat();
    const path = simplified(circle, 0.5);
    expect(path.length).toBeLessThanOrEqual(320);
    expect(path.length).toBeGreaterThan(100);
    const random = numbersFrom(4);
    for (let i = 0; i < 500; i++) {
      const [x, y] = [260 * random() - 130, 260 * random() - 130];
      if (Math.abs(Math.hypot(x, y) - 100) > 1) expect(isInside(path, x, y)).toBe(Math.hypot(x, y) < 100);
    }
  });
});

describe('names of categories', () => {
  it('stand where most of their points are, and nowhere for one without points', () => {
    const random = numbersFrom(SEED);
    const rows = 900;
    const codes = Uint8Array.from({ length: rows }, (_, row) => row % 2);
    // Code 0: a crowd at (-5, 0), and fewer all over. Code 1: a crowd at (5, 5).
    const positions = Float32Array.from({ length: rows * 2 }, (_, i) => {
      const row = i >> 1;
      if (row % 2 === 1) return 5 + 0.3 * random();
      return row % 6 === 0 ? 20 * random() - 10 : (i % 2 === 0 ? -5 : 0) + 0.3 * random();
    });
    const places = densestPlaces(positions, codes, [1, 0, 7]);
    expect(Math.hypot(places[0] - 5.15, places[1] - 5.15)).toBeLessThan(0.5);
    expect(Math.hypot(places[2] + 4.85, places[3] - 0.15)).toBeLessThan(0.5);
    expect([places[4], places[5]]).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('samples', () => {
  it('are different rows, ascending, the same for a seed, and all of them where there are few', () => {
    const sample = sampleOf(1000, 50, SEED);
    expect(sample).toHaveLength(50);
    expect([...sample].every((row, i) => row < 1000 && (i === 0 || row > sample[i - 1]))).toBe(true);
    expect(sampleOf(1000, 50, SEED)).toEqual(sample);
    expect([...sampleOf(4, 9, SEED)]).toEqual([0, 1, 2, 3]);
    const times = new Uint32Array(20);
    for (let seed = 0; seed < 2000; seed++) for (const row of sampleOf(20, 5, seed)) times[row]++;
    expect(Math.min(...times)).toBeGreaterThan(400);
    expect(Math.max(...times)).toBeLessThan(600);
  });
});
