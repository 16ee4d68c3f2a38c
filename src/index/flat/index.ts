/** FLAT: no structure, every row compared. Exact, and so the oracle of every other index. */
import type { IndexBuilder, IndexContext, IndexType, SearchPlan, VectorIndex } from '../index.ts';
import { refuseUnknown } from '../params.ts';
import { assert } from '../../util/assert.ts';

export const FLAT: IndexType = {
  name: 'FLAT',
  code: 1,
  needsVectors: true,

  parseBuild(raw) {
    refuseUnknown('FLAT', raw, [], 'build');
    return {};
  },

  parseSearch(raw, limit) {
    refuseUnknown('FLAT', raw, [], 'search');
    return { candidates: limit, refine: false, ef: 0 };
  },

  estimateBytes: () => 0,

  builder(context: IndexContext): IndexBuilder {
    let done = 0;
    return {
      total: context.rows,
      get done() {
        return done;
      },
      step() {
        done = context.rows;
      },
      finish: () => [],
      free() {},
    };
  },

  open(context: IndexContext): VectorIndex {
    return new FlatIndex(context);
  },
};

class FlatIndex implements VectorIndex {
  readonly typeName = 'FLAT';
  readonly memoryBytes = 0;
  readonly #context: IndexContext;

  constructor(context: IndexContext) {
    assert(context.vectors !== null, 'FLAT searches f32 vectors');
    this.#context = context;
  }

  search(plan: SearchPlan, allowPtr: number): number {
    const { kernels, metric, dim, rows, vectors } = this.#context;
    if (rows === 0) return 0;
    kernels.beginTopK(Math.min(plan.candidates, rows));
    kernels.scanF32(metric, vectors!.ptr, dim, 0, rows, vectors!.inverseNormsPtr, allowPtr, 0);
    return kernels.endTopK();
  }

  free(): void {}
}
