// Searching sparse rows by their posting lists: per dimension the rows that have it, ascending, and their values.
//
//   TAAT      term at a time: every list is added into one sum per row
//   MAXSCORE  document at a time (Turtle & Flood): lists are split by their largest contribution; a row that stands only in lists
//             which together cannot reach the top-k is never looked at
//   allowed   row at a time, of the few that a filter allows
//   WAND      document at a time (Broder et al.): the next row is the first at which the contributions so far could reach the top-k
//
// All are exact, and equal to `scanSparse` to the last bit: sums are in double precision and in the order of dimensions. Rows come
// in ascending order, so that one which only equals the last of the top-k cannot enter it. MAXSCORE and WAND see rows that
// share a dimension with the query; the caller knows what is to be done where rows of score 0 could be among the best.
import { NO_ROW } from "../src/kernels/abi";
import { Term, TopK } from "./layout";
import { bound, push } from "./topk";

const NONE: u32 = <u32>NO_ROW;
/** Sums of bounds are rounded otherwise than sums of parts: bounds get this much more, relatively. */
const SLACK: f64 = 1e-9;

// @ts-ignore: decorator
@inline function termAt(terms: usize, i: u32): Term { return changetype<Term>(terms + <usize>i * offsetof<Term>()); }
// @ts-ignore: decorator
@inline function rowOf(term: Term): u32 { return term.cursor < term.end ? load<u32>(term.cursor) : NONE; }
// @ts-ignore: decorator
@inline function partOf(term: Term, toValue: usize): f64 { return <f64>term.weight * <f64>load<f32>(term.cursor + toValue); }
// @ts-ignore: decorator
@inline function isAllowed(allow: usize, row: u32): bool { return !allow || (load<u32>(allow + ((<usize>(row >> 5)) << 2)) >> (row & 31) & 1) != 0; }

/** What a score must exceed to enter the top-k. */
// @ts-ignore: decorator
@inline function thresholdOf(top: TopK): f64 { return -<f64>bound(top); }

/** Moves a cursor to the first row that is not before `row`: steps that double, then halves. */
function seek(term: Term, row: u32): void {
  let low = term.cursor;
  const end = term.end;
  if (low >= end || load<u32>(low) >= row) return;
  // low is before the row, high is not.
  let step: usize = 4, high = low + step;
  while (high < end && load<u32>(high) < row) {
    low = high;
    step <<= 1;
    high = step < end - low ? low + step : end;
  }
  while (high - low > 4) {
    const middle = low + (((high - low) >> 3) << 2);
    if (load<u32>(middle) < row) low = middle;
    else high = middle;
  }
  term.cursor = high;
}

/** The parts of a row added up in the order of dimensions, and cleared. */
function takeSum(parts: usize, n: u32): f64 {
  let sum: f64 = 0;
  for (let at = parts, end = parts + ((<usize>n) << 3); at < end; at += 8) {
    sum += load<f64>(at);
    store<f64>(at, 0);
  }
  return sum;
}

/** `terms` in the order of dimensions. `sums`: f64, shape (rows), zero before and after. */
export function invertedTaat(topPtr: usize, terms: usize, n: u32, toValue: usize, sums: usize, rows: u32, allow: usize): void {
  const top = changetype<TopK>(topPtr);
  for (let i: u32 = 0; i < n; i++) {
    const term = termAt(terms, i), weight = <f64>term.weight;
    for (let cursor = term.cursor, end = term.end; cursor < end; cursor += 4) {
      const at = sums + ((<usize>load<u32>(cursor)) << 3);
      store<f64>(at, load<f64>(at) + weight * <f64>load<f32>(cursor + toValue));
    }
  }
  for (let row: u32 = 0; row < rows; row++) if (isAllowed(allow, row)) push(top, <f32>-load<f64>(sums + ((<usize>row) << 3)), row);
  memory.fill(sums, 0, (<usize>rows) << 3);
}

/** Row by row of those that `allow` names, each sought in every list: for few rows. `terms` in the order of dimensions. */
export function invertedAllowed(topPtr: usize, terms: usize, n: u32, toValue: usize, rows: u32, allow: usize): void {
  const top = changetype<TopK>(topPtr);
  for (let word: u32 = 0, words = (rows + 31) >> 5; word < words; word++) {
    for (let bits = load<u32>(allow + ((<usize>word) << 2)); bits; bits &= bits - 1) {
      const row = (word << 5) + ctz(bits);
      if (row >= rows) return;
      let sum: f64 = 0;
      for (let i: u32 = 0; i < n; i++) {
        const term = termAt(terms, i);
        seek(term, row);
        if (rowOf(term) == row) sum += partOf(term, toValue);
      }
      push(top, <f32>-sum, row);
    }
  }
}

/** `terms` by ascending bound. `scratch`: f64, shape (2, n), the first n zero before and after. */
export function invertedMaxScore(topPtr: usize, terms: usize, n: u32, toValue: usize, scratch: usize, allow: usize): void {
  const top = changetype<TopK>(topPtr);
  const parts = scratch, upTo = scratch + ((<usize>n) << 3);
  let sum: f64 = 0;
  for (let i: u32 = 0; i < n; i++) {
    sum += termAt(terms, i).bound * (1 + SLACK);
    store<f64>(upTo + ((<usize>i) << 3), sum);
  }
  let essential: u32 = 0;
  let threshold = -Infinity;
  while (essential < n) {
    let row = NONE;
    for (let i = essential; i < n; i++) row = min(row, rowOf(termAt(terms, i)));
    if (row == NONE) return;
    let score: f64 = 0;
    for (let i = essential; i < n; i++) {
      const term = termAt(terms, i);
      if (rowOf(term) != row) continue;
      const part = partOf(term, toValue);
      store<f64>(parts + ((<usize>term.position) << 3), part);
      score += part;
      term.cursor += 4;
    }
    let canEnter = isAllowed(allow, row);
    for (let i = essential; i > 0 && canEnter; i--) {
      if (score + load<f64>(upTo + ((<usize>(i - 1)) << 3)) + Math.abs(score) * SLACK <= threshold) canEnter = false;
      else {
        const term = termAt(terms, i - 1);
        seek(term, row);
        if (rowOf(term) != row) continue;
        const part = partOf(term, toValue);
        store<f64>(parts + ((<usize>term.position) << 3), part);
        score += part;
      }
    }
    const total = takeSum(parts, n);
    if (!canEnter) continue;
    push(top, <f32>-total, row);
    threshold = thresholdOf(top);
    while (essential < n && load<f64>(upTo + ((<usize>essential) << 3)) <= threshold) essential++;
  }
}

/** `terms` in any order, which changes. `scratch`: f64, shape (n), zero before and after; then u32, shape (n). */
export function invertedWand(topPtr: usize, terms: usize, n: u32, toValue: usize, scratch: usize, allow: usize): void {
  const top = changetype<TopK>(topPtr);
  const order = scratch + ((<usize>n) << 3);
  for (let i: u32 = 0; i < n; i++) store<u32>(order + ((<usize>i) << 2), i);
  for (;;) {
    // Few cursors have moved since the last turn.
    for (let i: u32 = 1; i < n; i++) {
      const moved = load<u32>(order + ((<usize>i) << 2)), row = rowOf(termAt(terms, moved));
      let j = i;
      for (; j > 0 && rowOf(termAt(terms, load<u32>(order + ((<usize>(j - 1)) << 2)))) > row; j--) {
        store<u32>(order + ((<usize>j) << 2), load<u32>(order + ((<usize>(j - 1)) << 2)));
      }
      store<u32>(order + ((<usize>j) << 2), moved);
    }
    const threshold = thresholdOf(top);
    let reach: f64 = 0, pivot = NONE, before: u32 = 0;
    for (let i: u32 = 0; i < n && pivot == NONE; i++) {
      const term = termAt(terms, load<u32>(order + ((<usize>i) << 2)));
      if (rowOf(term) == NONE) break;
      reach += term.bound * (1 + SLACK);
      if (reach > threshold) pivot = rowOf(term);
      else before++;
    }
    if (pivot == NONE) return;
    if (rowOf(termAt(terms, load<u32>(order))) < pivot) {
      for (let i: u32 = 0; i < before; i++) seek(termAt(terms, load<u32>(order + ((<usize>i) << 2))), pivot);
      continue;
    }
    for (let i: u32 = 0; i < n; i++) {
      const term = termAt(terms, load<u32>(order + ((<usize>i) << 2)));
      if (rowOf(term) != pivot) break;
      store<f64>(scratch + ((<usize>term.position) << 3), partOf(term, toValue));
      term.cursor += 4;
    }
    const total = takeSum(scratch, n);
    if (isAllowed(allow, pivot)) push(top, <f32>-total, pivot);
  }
}
