/**
 * The bits of a row that follow its signs (Gao, Gou, Xu, Yang, Long, Wong: "Practical and asymptotically optimal quantization of
 * high-dimensional vectors in Euclidean space for approximate nearest neighbor search"): each magnitude of a rotated
 * residual is one of L = 2^bits levels, k + 1/2 steps. What counts is the angle to the residual, so the step is the one of
 * a few around the best for normal numbers that gives the smallest.
 */
/** Best step of a quantizer of normal numbers with deviation 1, by bits with the sign (Max: "Quantizing for minimum distortion"). */
const STEPS = [0, 0, 0.9957, 0.586, 0.3352, 0.1881, 0.1041, 0.0569, 0.0308, 0.0166];
/** What that step is multiplied by. */
const SCALES = [0.8, 0.9, 1, 1.12, 1.25];

/** Dimensions whose bits lie together. */
const GROUP_DIM = 16;

/** Bytes of a row's further bits: shape (dim / 16 rounded up, bits, 2). */
export const furtherBytes = (dim: number, bits: number): number => Math.ceil(dim / GROUP_DIM) * bits * 2;

/** How the product with a residual is estimated from its code. */
export interface CodeProducts {
  /** Residual and code. */
  readonly own: number;
  /** Centroid and code. */
  readonly centroid: number;
}

export class FurtherBits {
  readonly #dim: number;
  readonly #bits: number;
  readonly #levels: number;

  constructor(dim: number, bits: number) {
    this.#dim = dim;
    this.#bits = bits;
    this.#levels = 2 ** bits;
  }

  /** Writes the bits of residual `r`, f64, shape (dim), of squared length `squares`, at `at` of zeroed bytes; `c`: its centroid, at `cAt`. */
  write(r: Float64Array, squares: number, c: Float32Array, cAt: number, bytes: Uint8Array, at: number): CodeProducts {
    const dim = this.#dim, bits = this.#bits, most = this.#levels - 1;
    const inverse = this.#bestInverseStep(r, squares);
    let own = 0, centroid = 0;
    for (let d = 0; d < dim; d++) {
      const x = r[d], isPlus = x >= 0;
      const k = Math.min(Math.floor(Math.abs(x) * inverse), most);
      const v = isPlus ? k + 0.5 : -k - 0.5;
      own += x * v;
      centroid += c[cAt + d] * v;
      const e = isPlus ? k : most - k;
      const byte = at + (d >> 4) * 2 * bits + ((d >> 3) & 1);
      for (let bit = 0; bit < bits; bit++) bytes[byte + 2 * bit] |= ((e >> (bits - 1 - bit)) & 1) << (d & 7);
    }
    return { own, centroid };
  }

  /** 1 / step of the code with the smallest angle to the residual. */
  #bestInverseStep(r: Float64Array, squares: number): number {
    const most = this.#levels - 1;
    const usual = squares > 0 ? Math.sqrt(this.#dim / squares) / STEPS[this.#bits + 1] : 0;
    let best = usual, bestCosine = 0;
    for (const scale of SCALES) {
      const inverse = usual / scale;
      let own = 0, lengths = 0;
      for (let d = 0; d < r.length; d++) {
        const x = Math.abs(r[d]), v = Math.min(Math.floor(x * inverse), most) + 0.5;
        own += x * v;
        lengths += v * v;
      }
      const cosine = (own * own) / lengths;
      if (cosine > bestCosine) {
        bestCosine = cosine;
        best = inverse;
      }
    }
    return best;
  }
}
