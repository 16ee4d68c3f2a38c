/** The main directions of a map, beside a whole PCA. */
import { describe, expect, it } from 'vitest';
import { fitPca } from '../../src/node.ts';
import { alongDirections, mainDirections } from '../../web-demo/src/views/map/main-directions.ts';
import { numbersFrom } from '../../web-demo/src/util/random.ts';

const { signal } = new AbortController();

/** Points whose spread falls from axis to axis of a turned space. @param fall of the spread from one axis to the next */
function cloud(rows: number, dim: number, fall: number, seed: number): Float32Array {
  const random = numbersFrom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const axes = Float64Array.from({ length: 24 * dim }, () => normal() / Math.sqrt(dim));
  const out = new Float32Array(rows * dim).fill(5);
  for (let row = 0; row < rows; row++) {
    for (let axis = 0; axis < 24; axis++) {
      const along = 10 * fall ** axis * normal();
      for (let d = 0; d < dim; d++) out[row * dim + d] += along * axes[axis * dim + d];
    }
    for (let d = 0; d < dim; d++) out[row * dim + d] += 0.05 * normal();
  }
  return out;
}

const variance = (values: ArrayLike<number>, width: number): number => {
  const rows = values.length / width;
  let sum = 0;
  for (let c = 0; c < width; c++) {
    let [mean, squares] = [0, 0];
    for (let row = 0; row < rows; row++) mean += values[row * width + c] / rows;
    for (let row = 0; row < rows; row++) squares += (values[row * width + c] - mean) ** 2;
    sum += squares / (rows - 1);
  }
  return sum;
};

describe('main directions', () => {
  it.each([
    ['a spread that falls fast', 0.7],
    ['one that falls slowly', 0.95],
  ])('hold as much of the spread as the first two of a whole PCA: %s', async (_, fall) => {
    const [rows, dim] = [400, 300];
    const vectors = cloud(rows, dim, fall, 6);
    const directions = await mainDirections(vectors, dim, 1, signal);
    const coordinates = alongDirections(directions, vectors);
    const pca = await fitPca(coordinates, { dim: directions.count, components: 2 });
    const whole = await fitPca(vectors, { dim, components: 2 });
    expect(variance(pca.transform(coordinates), 2)).toBeGreaterThan(0.995 * variance(whole.transform(vectors), 2));
  });

  it('are unit vectors, orthogonal to each other, the same for the same seed', async () => {
    const [rows, dim] = [100, 40];
    const vectors = cloud(rows, dim, 0.8, 3);
    const { axes, count } = await mainDirections(vectors, dim, 1, signal);
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        let dot = 0;
        for (let d = 0; d < dim; d++) dot += axes[a * dim + d] * axes[b * dim + d];
        expect(dot).toBeCloseTo(a === b ? 1 : 0, 9);
      }
    }
    expect((await mainDirections(vectors, dim, 1, signal)).axes).toEqual(axes);
  });

  it('of rows that are all equal, or lie on a line, are finite', async () => {
    const equal = new Float32Array(30 * 20).fill(2);
    expect(alongDirections(await mainDirections(equal, 20, 1, signal), equal).every((value) => value === 0)).toBe(true);
    const line = Float32Array.from({ length: 30 * 20 }, (_, i) => Math.floor(i / 20) * (i % 20));
    const { axes } = await mainDirections(line, 20, 1, signal);
    const coordinates = alongDirections({ ...(await mainDirections(line, 20, 1, signal)) }, line);
    expect(axes.every(Number.isFinite)).toBe(true);
    expect(variance(coordinates, 16)).toBeCloseTo(variance(line, 20), -1);
  });

  it('are given up when the signal fires', async () => {
    const abort = new AbortController();
    const finding = mainDirections(cloud(2000, 400, 0.9, 1), 400, 1, abort.signal);
    abort.abort(new Error('enough'));
    await expect(finding).rejects.toThrow('enough');
  });
});
