/** Offsets of rows: row r has the places offsets[r] … offsets[r + 1] of what lies back to back. */

/** The row to which an element or a byte belongs; REQUIRES that it is not before `from`. Strides that double say where to halve. */
export function rowOf(offsets: Int32Array, place: number, from: number): number {
  let low = from;
  let high = low + 1;
  for (let stride = 2; offsets[high] <= place; stride *= 2) {
    low = high;
    high = Math.min(low + stride, offsets.length - 1);
  }
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (offsets[middle] <= place) low = middle;
    else high = middle;
  }
  return low;
}
