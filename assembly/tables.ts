// Tables of a product quantizer: what each word of each part adds to the dot product with a query.
import { PANEL_LANES } from "../src/kernels/abi";

/**
 * Dot products of the f32 query's parts with the words of each codebook, f32, shape (parts, words), to `out`. `stages` codebooks in turn are for
 * the same part of the query. `codebooks`: panels, shape (parts, words / 8, partDim, 8).
 */
export function dotTables(query: usize, codebooks: usize, parts: u32, stages: u32, words: u32, partDim: u32, out: usize): void {
  let panel = codebooks;
  for (let part: u32 = 0; part < parts; part++) {
    const q = query + <usize>(part / stages) * (partDim << 2);
    for (let word: u32 = 0; word < words; word += PANEL_LANES) {
      let low = f32x4.splat(0), high = low;
      for (let d: u32 = 0; d < partDim; d++) {
        const x = v128.load32_splat(q + ((<usize>d) << 2));
        low = f32x4.add(low, f32x4.mul(x, v128.load(panel)));
        high = f32x4.add(high, f32x4.mul(x, v128.load(panel, 16)));
        panel += PANEL_LANES << 2;
      }
      v128.store(out, low);
      v128.store(out, high, 16);
      out += PANEL_LANES << 2;
    }
  }
}
