/**
 * FLAT and BIN_FLAT, its name for binary vectors: no structure, every row compared. Exact, and so the oracle of every
 * other index.
 */
import type { IndexBuilder, IndexContext, IndexType, SearchAccount, SearchPlan, VectorIndex } from '../index.ts';
import { F32_ROWS, ROW_FORMATS, type RowFormat } from '../../kernels/rows.ts';
import { refuseUnknown } from '../params.ts';
import { assert } from '../../util/assert.ts';

export const FLAT = scan('FLAT', 1, ['dense', 'sparse'], F32_ROWS);
export const BIN_FLAT = scan('BIN_FLAT', 20, ['binary'], ROW_FORMATS.BinaryVector);

function scan(name: string, code: number, families: IndexType['families'], format: RowFormat): IndexType {
  return {
    name,
    code,
    families,
    isScan: true,
    needsVectors: true,
    sharesBuild: false,
    baseSections: [],

    parseBuild(raw) {
      refuseUnknown(name, raw, [], 'build');
      return {};
    },

    parseSearch(raw, limit) {
      refuseUnknown(name, raw, [], 'search');
      return { candidates: limit, refine: false, ef: 0 };
    },

    rowCacheBytes: () => null,
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
      return new FlatIndex(name, context, format);
    },
  };
}

class FlatIndex implements VectorIndex {
  readonly typeName: string;
  readonly memoryBytes = 0;
  readonly #context: IndexContext;
  readonly #format: RowFormat;
  #compared = 0;

  constructor(typeName: string, context: IndexContext, format: RowFormat) {
    assert(context.vectors !== null, 'a scan compares the vectors themselves');
    this.typeName = typeName;
    this.#context = context;
    this.#format = format;
  }

  search(plan: SearchPlan, allowPtr: number): number {
    const { kernels, metric, dim, rows, vectors } = this.#context;
    this.#compared = allowPtr === 0 ? rows : kernels.countBits(allowPtr, rows);
    if (this.#compared === 0) return 0;
    kernels.beginTopK(Math.min(plan.candidates, this.#compared));
    kernels.scanRows(this.#format, metric, vectors!.ptr, dim, 0, rows, vectors!.inverseNormsPtr, allowPtr, 0);
    return kernels.endTopK();
  }

  get lastSearch(): SearchAccount {
    return { strategy: this.#compared > 0 ? 'scan' : 'none', compared: this.#compared, lists: 0 };
  }

  /** Segments are scanned as they are, and have the tiles for it. */
  tileSearch(): null {
    return null;
  }

  free(): void {}
}
