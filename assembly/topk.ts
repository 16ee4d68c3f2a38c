// The k nearest so far: a max-heap by (distance, row), so that equal distances keep the smaller row.
import { TopK } from "./layout";

// @ts-ignore: decorator
@inline function distanceAt(top: TopK, i: u32): f32 { return load<f32>(top.distances + ((<usize>i) << 2)); }
// @ts-ignore: decorator
@inline function rowAt(top: TopK, i: u32): u32 { return load<u32>(top.rows + ((<usize>i) << 2)); }
// @ts-ignore: decorator
@inline function put(top: TopK, i: u32, distance: f32, row: u32): void {
  store<f32>(top.distances + ((<usize>i) << 2), distance);
  store<u32>(top.rows + ((<usize>i) << 2), row);
}
// @ts-ignore: decorator
@inline function isAfter(d0: f32, r0: u32, d1: f32, r1: u32): bool { return d0 > d1 || (d0 == d1 && r0 > r1); }

/** What a distance must not exceed to enter: the range's end until the heap is full, then its farthest. */
// @ts-ignore: decorator
@inline export function bound(top: TopK): f32 { return top.count < top.k ? top.max : distanceAt(top, 0); }

function siftDown(top: TopK, count: u32, distance: f32, row: u32): void {
  let i: u32 = 0;
  for (;;) {
    let child: u32 = 2 * i + 1;
    if (child >= count) break;
    if (child + 1 < count && isAfter(distanceAt(top, child + 1), rowAt(top, child + 1), distanceAt(top, child), rowAt(top, child))) child++;
    if (!isAfter(distanceAt(top, child), rowAt(top, child), distance, row)) break;
    put(top, i, distanceAt(top, child), rowAt(top, child));
    i = child;
  }
  put(top, i, distance, row);
}

export function push(top: TopK, distance: f32, row: u32): void {
  if (distance < top.min || distance > top.max) return;
  if (top.count < top.k) {
    let i = top.count++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isAfter(distance, row, distanceAt(top, parent), rowAt(top, parent))) break;
      put(top, i, distanceAt(top, parent), rowAt(top, parent));
      i = parent;
    }
    put(top, i, distance, row);
  } else if (isAfter(distanceAt(top, 0), rowAt(top, 0), distance, row)) {
    siftDown(top, top.count, distance, row);
  }
}

/** Heapsort in place: nearest first. Answers how many there are. */
export function topkSort(topPtr: usize): u32 {
  const top = changetype<TopK>(topPtr);
  for (let n = top.count; n > 1; n--) {
    const distance = distanceAt(top, n - 1), row = rowAt(top, n - 1);
    put(top, n - 1, distanceAt(top, 0), rowAt(top, 0));
    siftDown(top, n - 1, distance, row);
  }
  return top.count;
}

/** As topkSort, then multiplies the distances by a positive number. Those that become equal are put in order of their rows. */
export function topkScale(topPtr: usize, factor: f32): u32 {
  const top = changetype<TopK>(topPtr), count = topkSort(topPtr);
  for (let i: u32 = 0; i < count; i++) {
    const distance = distanceAt(top, i) * factor, row = rowAt(top, i);
    let at = i;
    for (; at > 0 && distanceAt(top, at - 1) == distance && rowAt(top, at - 1) > row; at--) put(top, at, distance, rowAt(top, at - 1));
    put(top, at, distance, row);
  }
  return count;
}

/** Makes a heap of the `keep` nearest of the first n entries, for instance after their distances were replaced. */
export function heapify(top: TopK, n: u32, keep: u32): void {
  top.count = 0;
  top.k = keep;
  for (let i: u32 = 0; i < n; i++) push(top, distanceAt(top, i), rowAt(top, i));
}
