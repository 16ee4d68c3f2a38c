/**
 * SPARSE_INVERTED_INDEX: a posting list per dimension. Exact by every algorithm, unless the search asks to leave out the
 * least values of the query. It answers without the rows.
 */
import { TERM_BOUND, TERM_CURSOR, TERM_END, TERM_POSITION, TERM_SIZE, TERM_WEIGHT } from '../../kernels/abi.ts';
import { assert } from '../../util/assert.ts';
import { ElanusError } from '../../util/error.ts';
import type { IndexBuilder, IndexContext, IndexType, SearchAccount, SearchPlan, VectorIndex } from '../index.ts';
import { nameParam, numberParam, refuseUnknown } from '../params.ts';
import { ListBuilder, PostingLists } from './lists.ts';

const NAME = 'SPARSE_INVERTED_INDEX';
const ALGORITHMS = ['DAAT_MAXSCORE', 'DAAT_WAND', 'TAAT_NAIVE'];
const ALGORITHMS_TO_COME = ['BLOCK_MAX_MAXSCORE', 'BLOCK_MAX_WAND', 'SINDI'];
const ROWS_PER_STEP = 1024;
const SEEK_COST = 10;

/** A plan of this index. */
interface SparsePlan extends SearchPlan {
  /** Share of the query's pairs, those of least magnitude, that are left out. */
  readonly dropRatio: number;
}

export const SPARSE_INVERTED_INDEX: IndexType = {
  name: NAME,
  code: 21,
  families: ['sparse'],
  isScan: false,
  needsVectors: false,
  sharesBuild: false,
  baseSections: [],

  parseBuild(raw) {
    refuseUnknown(NAME, raw, ['inverted_index_algo'], 'build');
    return { inverted_index_algo: nameParam(raw, 'inverted_index_algo', ALGORITHMS, ALGORITHMS_TO_COME, 'DAAT_MAXSCORE') };
  },

  parseSearch(raw, limit): SparsePlan {
    refuseUnknown(NAME, raw, ['drop_ratio_search'], 'search');
    const dropRatio = numberParam(raw, 'drop_ratio_search', 0, 1, 0);
    if (dropRatio === 1) throw new ElanusError('INVALID_ARGUMENT', '"drop_ratio_search" expected a number in [0, 1), got 1', { parameter: 'drop_ratio_search' });
    return { candidates: limit, refine: false, ef: 0, dropRatio };
  },

  /** Eight bytes a pair; how many pairs rows have is not known here: 128, as learned sparse vectors have. */
  rowCacheBytes: () => null,
  estimateBytes: (rows) => rows * 1024,

  builder({ kernels, rows, sparse }): IndexBuilder {
    assert(sparse !== undefined, 'an inverted index is built from sparse rows');
    const lists = new ListBuilder(kernels, sparse, rows);
    return {
      total: rows,
      get done() {
        return Math.floor(lists.done / 2);
      },
      step(sliceMs) {
        const end = performance.now() + sliceMs;
        do lists.step(ROWS_PER_STEP);
        while (lists.done < 2 * rows && performance.now() < end);
      },
      finish: () => lists.finish(),
      free() {},
    };
  },

  open(context, build, sections) {
    return new InvertedIndex(context, build['inverted_index_algo'] as string, PostingLists.open(context.kernels, sections, context.rows));
  },
};

class InvertedIndex implements VectorIndex {
  readonly typeName = NAME;
  readonly #context: IndexContext;
  readonly #algorithm: string;
  readonly #lists: PostingLists;
  #account: SearchAccount = NOTHING;

  constructor(context: IndexContext, algorithm: string, lists: PostingLists) {
    this.#context = context;
    this.#algorithm = algorithm;
    this.#lists = lists;
  }

  get memoryBytes(): number {
    return this.#lists.memoryBytes;
  }

  search(plan: SearchPlan, allowPtr: number): number {
    const { kernels, rows } = this.#context;
    const { exports, topPtr } = kernels;
    const allowed = allowPtr === 0 ? rows : kernels.countBits(allowPtr, rows);
    const k = Math.min(plan.candidates, allowed);
    this.#account = NOTHING;
    if (k === 0) return 0;
    const terms = this.#terms((plan as SparsePlan).dropRatio);
    const { toValue } = this.#lists;
    this.#account = { strategy: 'lists', compared: allowed, lists: terms.length };
    let pairs = 0;
    for (const { cursor, end } of terms) pairs += (end - cursor) / 4;
    // Seeking one row in one list takes as long as adding up so many pairs.
    const isFew = allowPtr !== 0 && allowed * terms.length * SEEK_COST < pairs + rows;
    if (isFew) {
      this.#account = { strategy: 'scan', compared: allowed, lists: terms.length };
      kernels.beginTopK(k);
      exports.invertedAllowed(topPtr, this.#write(terms), terms.length, toValue, rows, allowPtr);
      return kernels.endTopK();
    }
    if (this.#algorithm !== 'TAAT_NAIVE' && terms.length > 0) {
      const n = terms.length;
      const scratch = kernels.scratch('parts', n * 16);
      kernels.arena.u8(scratch, n * 8).fill(0);
      kernels.beginTopK(k);
      if (this.#algorithm === 'DAAT_WAND') exports.invertedWand(topPtr, this.#write(terms), n, toValue, scratch, allowPtr);
      else exports.invertedMaxScore(topPtr, this.#write(terms.toSorted((a, b) => a.bound - b.bound)), n, toValue, scratch, allowPtr);
      const found = kernels.endTopK();
      // Otherwise rows that share no dimension with the query, of score 0, are among the best.
      if (found === k && kernels.hitDistances(found)[found - 1] < 0) return found;
    }
    kernels.beginTopK(k);
    const sums = kernels.scratch('sums', rows * 8, (ptr, byteLength) => kernels.arena.u8(ptr, byteLength).fill(0));
    exports.invertedTaat(topPtr, this.#write(terms), terms.length, toValue, sums, rows, allowPtr);
    return kernels.endTopK();
  }

  /** Terms of the query that have a list, in the order of dimensions. */
  #terms(dropRatio: number): Term[] {
    const { dims: _, starts, bounds, rowsPtr } = this.#lists;
    const { indices, values } = this.#context.kernels.sparsePairs;
    const kept = keptPairs(values, dropRatio);
    const terms: Term[] = [];
    for (let i = 0; i < indices.length; i++) {
      const list = kept[i] ? this.#lists.find(indices[i]) : -1;
      if (list < 0) continue;
      const weight = values[i];
      const bound = Math.max(0, weight * bounds[2 * list], weight * bounds[2 * list + 1]);
      terms.push({ cursor: rowsPtr + starts[list] * 4, end: rowsPtr + starts[list + 1] * 4, weight, bound, position: terms.length });
    }
    return terms;
  }

  /** Lays terms out for the kernels. */
  #write(terms: readonly Term[]): number {
    const { kernels } = this.#context;
    const ptr = kernels.scratch('terms', Math.max(terms.length * TERM_SIZE, TERM_SIZE));
    const bytes = kernels.arena.u8(ptr, terms.length * TERM_SIZE);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    terms.forEach((term, i) => {
      const at = i * TERM_SIZE;
      view.setUint32(at + TERM_CURSOR, term.cursor, true);
      view.setUint32(at + TERM_END, term.end, true);
      view.setFloat32(at + TERM_WEIGHT, term.weight, true);
      view.setUint32(at + TERM_POSITION, term.position, true);
      view.setFloat64(at + TERM_BOUND, term.bound, true);
    });
    return ptr;
  }

  /** Which rows the lists passed by is not counted: all that are allowed stand for those compared. */
  get lastSearch(): SearchAccount {
    return this.#account;
  }

  tileSearch(): null {
    return null;
  }

  free(): void {
    this.#lists.free();
  }
}

const NOTHING: SearchAccount = { strategy: 'none', compared: 0, lists: 0 };

interface Term {
  readonly cursor: number;
  readonly end: number;
  readonly weight: number;
  readonly bound: number;
  readonly position: number;
}

/** Which pairs stay when the share of least magnitude is left out; of equal ones the later go first. */
function keptPairs(values: Float32Array, dropRatio: number): boolean[] {
  const kept = new Array<boolean>(values.length).fill(true);
  const dropped = Math.floor(values.length * dropRatio);
  if (dropped === 0) return kept;
  const order = Array.from(values.keys()).sort((a, b) => Math.abs(values[a]) - Math.abs(values[b]) || b - a);
  for (const i of order.slice(0, dropped)) kept[i] = false;
  return kept;
}
