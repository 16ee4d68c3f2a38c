// Rows of sparse vectors: CSR, that is offsets (u32, shape (rows + 1)) into indices (u32) and values (f32). Exact: a
// row's dot product is summed in double precision, in the order of its indices.
import { SPARSE_ENTRY, SPARSE_FREE, SPARSE_QUERY_TABLE } from "../src/kernels/abi";
import { SparseQuery, TopK } from "./layout";
import { push } from "./topk";

const FREE: u32 = <u32>SPARSE_FREE;

/** Knuth's multiplicative hash, the high bits. */
// @ts-ignore: decorator
@inline function slotOf(query: SparseQuery, index: u32): u32 { return (index * 2654435761) >> query.shift; }

/**
 * Puts n pairs into the query's hash table: open addressing, with room for many more, so that a search for an index that is not
 * there ends after little more than one entry. The table is cleared first.
 */
export function sparseQuery(queryPtr: usize, indices: usize, values: usize, n: u32): void {
  const query = changetype<SparseQuery>(queryPtr);
  const table = queryPtr + SPARSE_QUERY_TABLE, mask = query.mask;
  for (let i: u32 = 0; i <= mask; i++) {
    const entry = table + <usize>i * SPARSE_ENTRY;
    store<u32>(entry, FREE);
    store<f32>(entry, 0, 4);
  }
  for (let i: usize = 0; i < <usize>n; i++) {
    const index = load<u32>(indices + (i << 2));
    let slot = slotOf(query, index);
    while (load<u32>(table + <usize>slot * SPARSE_ENTRY) != FREE) slot = (slot + 1) & mask;
    store<u32>(table + <usize>slot * SPARSE_ENTRY, index);
    store<f32>(table + <usize>slot * SPARSE_ENTRY, load<f32>(values + (i << 2)), 4);
  }
}

/** The query's value at an index, 0 where it has none: free entries hold 0. */
// @ts-ignore: decorator
@inline function valueAt(query: SparseQuery, index: u32): f32 {
  const table = changetype<usize>(query) + SPARSE_QUERY_TABLE;
  let slot = slotOf(query, index);
  let entry = table + <usize>slot * SPARSE_ENTRY;
  for (let key = load<u32>(entry); key != index && key != FREE; key = load<u32>(entry)) {
    slot = (slot + 1) & query.mask;
    entry = table + <usize>slot * SPARSE_ENTRY;
  }
  return load<f32>(entry, 4);
}

/** Rows [from, to) into the top-k by minus their dot product with the query, as row + rowBase. `allow`: bitset over rows, or 0. */
export function scanSparse(
  topPtr: usize, queryPtr: usize, offsets: usize, indices: usize, values: usize, from: u32, to: u32, allow: usize, rowBase: u32,
): void {
  const top = changetype<TopK>(topPtr), query = changetype<SparseQuery>(queryPtr);
  for (let row = from; row < to; row++) {
    if (allow && !(load<u32>(allow + ((<usize>(row >> 5)) << 2)) >> (row & 31) & 1)) continue;
    const at = offsets + ((<usize>row) << 2);
    let sum: f64 = 0;
    for (let i = <usize>load<u32>(at) << 2, end = <usize>load<u32>(at, 4) << 2; i < end; i += 4) {
      sum += <f64>valueAt(query, load<u32>(indices + i)) * <f64>load<f32>(values + i);
    }
    push(top, <f32>-sum, row + rowBase);
  }
}
