/**
 * When each row was inserted, as runs: rows of one batch share a timestamp. Shape of both arrays: (runs).
 * In a file: `count u32 | zero u32 | count x (end row u32, zero u32, timestamp u64)`.
 */
import { ElanusError } from '../util/error.ts';

export class RowTimes {
  /** One past the last row of each run, ascending. */
  readonly #ends: number[] = [];
  readonly #timestamps: bigint[] = [];

  get rows(): number {
    return this.#ends.length === 0 ? 0 : this.#ends[this.#ends.length - 1]!;
  }

  append(rows: number, timestamp: bigint): void {
    if (rows === 0) return;
    const last = this.#ends.length - 1;
    if (last >= 0 && this.#timestamps[last] === timestamp) this.#ends[last]! += rows;
    else {
      this.#ends.push(this.rows + rows);
      this.#timestamps.push(timestamp);
    }
  }

  at(row: number): bigint {
    let low = 0;
    let high = this.#ends.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! > row) high = middle;
      else low = middle + 1;
    }
    return this.#timestamps[low]!;
  }

  /** How many runs there are. */
  get runs(): number {
    return this.#ends.length;
  }

  /** Rows [from, to) were inserted at one time. */
  run(index: number): { readonly from: number; readonly to: number; readonly timestamp: bigint } {
    return { from: index === 0 ? 0 : this.#ends[index - 1]!, to: this.#ends[index]!, timestamp: this.#timestamps[index]! };
  }

  /** The times of these rows, in this order. */
  take(rows: ArrayLike<number>): RowTimes {
    const times = new RowTimes();
    for (let i = 0; i < rows.length; i++) times.append(1, this.at(rows[i]!));
    return times;
  }

  get min(): bigint {
    return this.#timestamps.reduce((least, timestamp) => (timestamp < least ? timestamp : least), this.#timestamps[0] ?? 0n);
  }

  get max(): bigint {
    return this.#timestamps.reduce((most, timestamp) => (timestamp > most ? timestamp : most), 0n);
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(8 + 16 * this.#ends.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.#ends.length, true);
    for (let i = 0; i < this.#ends.length; i++) {
      view.setUint32(8 + 16 * i, this.#ends[i]!, true);
      view.setBigUint64(16 + 16 * i, this.#timestamps[i]!, true);
    }
    return bytes;
  }

  static decode(bytes: Uint8Array, rows: number, file: string): RowTimes {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = bytes.length >= 8 ? view.getUint32(0, true) : -1;
    if (bytes.length !== 8 + 16 * count) throw new ElanusError('CORRUPT', `row times of "${file}" do not fit their length`, { file });
    const times = new RowTimes();
    for (let i = 0; i < count; i++) {
      const end = view.getUint32(8 + 16 * i, true);
      if (end <= times.rows) throw new ElanusError('CORRUPT', `row times of "${file}" are not ascending`, { file });
      times.#ends.push(end);
      times.#timestamps.push(view.getBigUint64(16 + 16 * i, true));
    }
    if (times.rows !== rows) throw new ElanusError('CORRUPT', `row times of "${file}" expected ${rows} rows, got ${times.rows}`, { file });
    return times;
  }
}
