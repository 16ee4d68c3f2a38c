/**
 * The links of a Vamana graph (Subramanya et al., "DiskANN", NeurIPS 2019) in kernel memory: one level, `max_degree` slots a
 * row, walks begin at the row in the middle. A list ends at its first NO_ROW.
 *
 * Sections: `graph` four u32 (rows, max_degree, entry, 0); `links` u32, shape (rows, max_degree).
 */
import { GRAPH_ALPHA, GRAPH_BASE_LINKS, GRAPH_EF_CONSTRUCTION, GRAPH_ENTRY, GRAPH_M, GRAPH_SIZE, GRAPH_SLOTS, NO_ROW } from '../../kernels/abi.ts';
import type { RowCode } from '../../quant/row-code.ts';
import { takeSection } from '../../quant/sections.ts';
import { checkRows, corrupt } from '../hnsw/stored.ts';
import { allocGraph } from '../hnsw/struct.ts';
import type { IndexContext, IndexSection } from '../index.ts';

const NONE = NO_ROW >>> 0;
const HEADER_BYTES = 16;

/** Bytes of kernel memory that a graph takes. */
export const vamanaBytes = (rows: number, degree: number): number => rows * degree * 4 + GRAPH_SIZE;

export class VamanaGraph {
  /** The Graph struct. */
  readonly ptr: number;
  /** Half of the slots, rounded up. */
  readonly m: number;
  readonly degree: number;
  readonly #context: IndexContext;
  readonly #linksPtr: number;

  private constructor(context: IndexContext, degree: number, entry: number, code: RowCode | null) {
    const { arena } = context.kernels;
    this.#context = context;
    this.degree = degree;
    this.m = Math.ceil(degree / 2);
    this.ptr = allocGraph(context, code);
    this.#linksPtr = arena.alloc(context.rows * degree * 4);
    const struct = arena.u32(this.ptr, GRAPH_SIZE / 4);
    struct[GRAPH_M / 4] = degree;
    struct[GRAPH_SLOTS / 4] = degree;
    struct[GRAPH_ENTRY / 4] = entry;
    struct[GRAPH_BASE_LINKS / 4] = this.#linksPtr;
  }

  /** A graph without links. `entry`: NO_ROW where there are no rows. */
  static create(context: IndexContext, degree: number, breadth: number, entry: number, code: RowCode | null): VamanaGraph {
    const graph = new VamanaGraph(context, degree, entry, code);
    graph.links().fill(NONE);
    context.kernels.arena.u32(graph.ptr, GRAPH_SIZE / 4)[GRAPH_EF_CONSTRUCTION / 4] = breadth;
    return graph;
  }

  /** Loads what `sections` gave. CORRUPT when a length does not fit or a link leads out of the graph. */
  static open(context: IndexContext, degree: number, sections: ReadonlyMap<string, Uint8Array>, code: RowCode | null): VamanaGraph {
    const { kernels, rows } = context;
    const header = takeSection(sections, 'graph', HEADER_BYTES);
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const [storedRows, storedDegree, entry] = [0, 4, 8].map((at) => view.getUint32(at, true));
    if (storedRows !== rows || storedDegree !== degree) throw corrupt('graph', `${rows} rows and max_degree ${degree}`, `${storedRows} and ${storedDegree}`);
    if (rows === 0 ? entry !== NONE : entry >= rows) throw corrupt('graph', 'an entry row', String(entry));
    const links = takeSection(sections, 'links', rows * degree * 4);
    const graph = new VamanaGraph(context, degree, entry, code);
    kernels.arena.u8(graph.#linksPtr, links.length).set(links);
    try {
      checkRows(graph.links(), rows);
    } catch (error) {
      graph.free();
      throw error;
    }
    return graph;
  }

  /** What RobustPrune takes for the rows that are inserted from now on. */
  set alpha(alpha: number) {
    this.#context.kernels.arena.f32(this.ptr, GRAPH_SIZE / 4)[GRAPH_ALPHA / 4] = alpha;
  }

  get entry(): number {
    return this.#context.kernels.arena.u32(this.ptr, GRAPH_SIZE / 4)[GRAPH_ENTRY / 4];
  }

  /** u32, shape (rows, degree). */
  links(): Uint32Array {
    return this.#context.kernels.arena.u32(this.#linksPtr, this.#context.rows * this.degree);
  }

  sections(): IndexSection[] {
    const { kernels, rows } = this.#context;
    return [
      { name: 'graph', bytes: new Uint8Array(Uint32Array.of(rows, this.degree, this.entry, 0).buffer) },
      { name: 'links', bytes: kernels.arena.u8(this.#linksPtr, rows * this.degree * 4).slice() },
    ];
  }

  get memoryBytes(): number {
    return vamanaBytes(this.#context.rows, this.degree);
  }

  free(): void {
    for (const ptr of [this.ptr, this.#linksPtr]) this.#context.kernels.arena.free(ptr);
  }
}
