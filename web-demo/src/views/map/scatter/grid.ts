/** Points in the cells of a grid, so that the one under the pointer is found among few. */
import { boundsOf } from './camera.ts';

/** Points of a cell, on average where they are even. */
const PER_CELL = 4;

export class PointGrid {
  readonly #positions: Float32Array;
  readonly #left: number;
  readonly #bottom: number;
  readonly #cell: number;
  readonly #columns: number;
  readonly #lines: number;
  /** Where the rows of each cell begin in `#rows`. */
  readonly #begins: Uint32Array;
  readonly #rows: Uint32Array;

  /** @param positions shape (rows, 2); not to be changed while the grid is used */
  constructor(positions: Float32Array) {
    this.#positions = positions;
    const rows = positions.length / 2;
    const { left, right, bottom, top } = boundsOf(positions);
    const side = Math.max(Math.ceil(Math.sqrt(rows / PER_CELL)), 1);
    this.#left = left;
    this.#bottom = bottom;
    this.#cell = Math.max(right - left, top - bottom, 1e-9) / side;
    this.#columns = Math.min(side, Math.floor((right - left) / this.#cell)) + 1;
    this.#lines = Math.min(side, Math.floor((top - bottom) / this.#cell)) + 1;

    const begins = new Uint32Array(this.#columns * this.#lines + 1);
    const cells = new Uint32Array(rows);
    for (let row = 0; row < rows; row++) {
      cells[row] = this.#column(positions[2 * row]) + this.#columns * this.#line(positions[2 * row + 1]);
      begins[cells[row] + 1]++;
    }
    for (let cell = 1; cell < begins.length; cell++) begins[cell] += begins[cell - 1];
    const next = begins.slice();
    this.#rows = new Uint32Array(rows);
    for (let row = 0; row < rows; row++) this.#rows[next[cells[row]]++] = row;
    this.#begins = begins;
  }

  /** The point nearest to a place, no farther than `radius`; -1: none. Of equally near ones that of the least row. */
  nearest(x: number, y: number, radius: number, accepts: (row: number) => boolean = () => true): number {
    let best = -1;
    let bestSquared = radius * radius;
    this.#each(x - radius, x + radius, y - radius, y + radius, (row) => {
      const dx = this.#positions[2 * row] - x;
      const dy = this.#positions[2 * row + 1] - y;
      const squared = dx * dx + dy * dy;
      if ((squared < bestSquared || (squared === bestSquared && (best === -1 || row < best))) && accepts(row)) {
        best = row;
        bestSquared = squared;
      }
    });
    return best;
  }

  /** Rows within a rectangle, its edges included, ascending. */
  within(left: number, right: number, bottom: number, top: number): Uint32Array {
    const found = new Uint32Array(this.#rows.length);
    let count = 0;
    this.#each(left, right, bottom, top, (row) => {
      const x = this.#positions[2 * row];
      const y = this.#positions[2 * row + 1];
      if (x >= left && x <= right && y >= bottom && y <= top) found[count++] = row;
    });
    return found.slice(0, count).sort();
  }

  #each(left: number, right: number, bottom: number, top: number, use: (row: number) => void): void {
    const [firstColumn, lastColumn] = [this.#column(left), this.#column(right)];
    for (let line = this.#line(bottom); line <= this.#line(top); line++) {
      // The cells of one line lie behind each other.
      const begin = this.#begins[line * this.#columns + firstColumn];
      const end = this.#begins[line * this.#columns + lastColumn + 1];
      for (let at = begin; at < end; at++) use(this.#rows[at]);
    }
  }

  #column(x: number): number {
    return Math.min(Math.max(Math.floor((x - this.#left) / this.#cell), 0), this.#columns - 1);
  }

  #line(y: number): number {
    return Math.min(Math.max(Math.floor((y - this.#bottom) / this.#cell), 0), this.#lines - 1);
  }
}
