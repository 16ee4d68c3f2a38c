/** The twin of `assembly/walk.ts` and `assembly/grow.ts`: the same walk, the same links, step by step. */
import {
  GRAPH_ALPHA, GRAPH_BASE_LINKS, GRAPH_CODES, GRAPH_DATA, GRAPH_DIM, GRAPH_EF_CONSTRUCTION, GRAPH_ENTRY, GRAPH_INVERSE_NORMS, GRAPH_LEVELS, GRAPH_M, GRAPH_METRIC,
  GRAPH_SLOTS, GRAPH_STRIDE, GRAPH_TOP_LEVEL, GRAPH_UPPER_LINKS, GRAPH_UPPER_STARTS, CODE_QUERY_UNIT, METRIC_L2, NO_ROW, WALK_QUERY, WALK_ROW_QUERY,
} from './abi.ts';
import type { KernelExports } from './exports.ts';
import { codeDistance, type scalarCodes } from './scalar-codes.ts';
import { l2F32, negativeDotF32, type ScalarMemory } from './scalar-memory.ts';
import { ScalarTopK } from './scalar-topk.ts';

const NONE = NO_ROW >>> 0;
const fround = Math.fround;

/** Rows sorted by distance, equal ones in the order they came; of a full list the last falls out. */
class SortedRows {
  readonly rows: number[] = [];
  readonly distances: number[] = [];
  readonly expanded: boolean[] = [];
  readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  insert(distance: number, row: number): number {
    let low = 0, high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.distances[middle] <= distance) low = middle + 1;
      else high = middle;
    }
    this.rows.splice(low, 0, row);
    this.distances.splice(low, 0, distance);
    this.expanded.splice(low, 0, false);
    if (this.rows.length > this.max) {
      this.rows.pop();
      this.distances.pop();
      this.expanded.pop();
    }
    return low;
  }

  get isFull(): boolean {
    return this.rows.length === this.max;
  }

  /** What a distance must be below to enter. */
  get bound(): number {
    return this.isFull ? this.distances[this.max - 1] : Infinity;
  }
}

interface Nearest {
  readonly row: number;
  readonly distance: number;
}

class ScalarGraph {
  readonly memory: ScalarMemory;
  readonly at: number;
  readonly metric: number;
  readonly dim: number;
  readonly m: number;
  readonly baseSlots: number;
  readonly alpha: number;
  readonly codes: number;
  readonly #data: number;
  readonly #stride: number;
  readonly #inverseNorms: number;
  readonly #baseLinks: number;
  readonly #upperLinks: number;
  readonly #upperStarts: number;
  readonly levels: number;
  readonly #codeExports: ReturnType<typeof scalarCodes>;

  constructor(memory: ScalarMemory, graph: number, codeExports: ReturnType<typeof scalarCodes>) {
    const { u32 } = memory;
    this.memory = memory;
    this.at = graph / 4;
    const field = (offset: number): number => u32[this.at + offset / 4];
    this.metric = field(GRAPH_METRIC);
    this.dim = field(GRAPH_DIM);
    this.m = field(GRAPH_M);
    this.baseSlots = field(GRAPH_SLOTS);
    this.alpha = memory.f32[this.at + GRAPH_ALPHA / 4];
    this.codes = field(GRAPH_CODES);
    this.#data = field(GRAPH_DATA);
    this.#stride = field(GRAPH_STRIDE);
    this.#inverseNorms = field(GRAPH_INVERSE_NORMS);
    this.#baseLinks = field(GRAPH_BASE_LINKS);
    this.#upperLinks = field(GRAPH_UPPER_LINKS);
    this.#upperStarts = field(GRAPH_UPPER_STARTS);
    this.levels = field(GRAPH_LEVELS);
    this.#codeExports = codeExports;
  }

  get entry(): number {
    return this.memory.u32[this.at + GRAPH_ENTRY / 4];
  }
  set entry(row: number) {
    this.memory.u32[this.at + GRAPH_ENTRY / 4] = row;
  }
  get topLevel(): number {
    return this.memory.u32[this.at + GRAPH_TOP_LEVEL / 4];
  }
  set topLevel(level: number) {
    this.memory.u32[this.at + GRAPH_TOP_LEVEL / 4] = level;
  }

  distance(query: number, row: number): number {
    const { memory } = this;
    if (this.codes) return codeDistance(memory, query, this.#data, this.#stride, row);
    const x = (this.#data + row * this.#stride) / 4;
    if (this.metric === METRIC_L2) return l2F32(memory.f32, query / 4, x, this.dim);
    const distance = negativeDotF32(memory.f32, query / 4, x, this.dim);
    return this.#inverseNorms ? fround(distance * memory.f32[this.#inverseNorms / 4 + row]) : distance;
  }

  /** Element offset of a list of links, and its length in slots. */
  links(row: number, level: number): number {
    if (level === 0) return this.#baseLinks / 4 + row * this.baseSlots;
    return this.#upperLinks / 4 + (this.memory.u32[this.#upperStarts / 4 + row] + level - 1) * this.m;
  }

  slots(level: number): number {
    return level === 0 ? this.baseSlots : this.m;
  }

  neighbours(row: number, level: number): number[] {
    const { u32 } = this.memory;
    const start = this.links(row, level);
    const rows: number[] = [];
    for (let at = start; at < start + this.slots(level) && u32[at] !== NONE; at++) rows.push(u32[at]);
    return rows;
  }

  /** A stored row in the form of a query: in place where it can be, else at `out`. */
  rowQuery(row: number, out: number): number {
    if (this.codes) {
      this.#codeExports.codesRowQuery(this.codes, row, out);
      return out;
    }
    const source = this.#data + row * this.#stride;
    if (this.metric === METRIC_L2 || !this.#inverseNorms) return source;
    const { f32 } = this.memory;
    const length = f32[this.#inverseNorms / 4 + row];
    for (let i = 0; i < this.dim; i++) f32[out / 4 + i] = f32[source / 4 + i] * length;
    return out;
  }

  descend(query: number, row: number, from: number, to: number): Nearest {
    let nearest = row;
    let distance = this.distance(query, row);
    for (let level = from; level > to; level--) {
      for (let moved = true; moved; ) {
        moved = false;
        for (const next of this.neighbours(nearest, level)) {
          const d = this.distance(query, next);
          if (d >= distance) continue;
          distance = d;
          nearest = next;
          moved = true;
        }
      }
    }
    return { row: nearest, distance };
  }

  /** `seeds`: nearest first. */
  walk(query: number, seeds: readonly Nearest[], ef: number, level: number, allow: number, foundMax: number): SortedRows {
    const { u8 } = this.memory;
    const isAllowed = (row: number): boolean => ((u8[allow + (row >> 3)] >> (row & 7)) & 1) === 1;
    const beam = new SortedRows(ef);
    const found = new SortedRows(foundMax);
    const visited = new Set<number>();
    for (const { row, distance } of seeds.slice(0, ef)) {
      visited.add(row);
      beam.insert(distance, row);
      if (allow && !found.isFull && isAllowed(row)) found.insert(distance, row);
    }
    let next = 0;
    while (next < beam.rows.length) {
      if (allow && beam.distances[next] > found.bound) break;
      beam.expanded[next] = true;
      for (const candidate of this.neighbours(beam.rows[next], level).filter((row) => !visited.has(row))) {
        visited.add(candidate);
        const distance = this.distance(query, candidate);
        if (!(distance < beam.bound)) continue;
        if (allow && distance < found.bound && isAllowed(candidate)) found.insert(distance, candidate);
        const position = beam.insert(distance, candidate);
        if (position < next) next = position;
      }
      while (next < beam.rows.length && beam.expanded[next]) next++;
    }
    return allow ? found : beam;
  }

  /** Writes at most `max` of the candidates to a list; all when there are no more than `enough`. */
  choose(candidates: SortedRows, links: number, max: number, enough: number, rowQueryPtr: number): number {
    const { u32 } = this.memory;
    const n = candidates.rows.length;
    let kept = 0;
    for (let c = 0; c < n && kept < max; c++) {
      const candidate = candidates.rows[c];
      let isKept = true;
      if (n > enough && kept > 0) {
        const query = this.rowQuery(candidate, rowQueryPtr);
        for (let i = 0; i < kept && isKept; i++) isKept = !(fround(this.distance(query, u32[links + i]) * this.alpha) < candidates.distances[c]);
      }
      if (isKept) u32[links + kept++] = candidate;
    }
    u32.fill(NONE, links + kept, links + max);
    return kept;
  }

  /** For a row that may be in the graph already: the beam without it, and with its links of now. */
  withLinks(query: number, row: number, beam: SortedRows): SortedRows {
    const candidates = new SortedRows(beam.max + this.baseSlots);
    beam.rows.forEach((other, i) => other !== row && candidates.insert(beam.distances[i], other));
    for (const link of this.neighbours(row, 0)) if (!candidates.rows.includes(link)) candidates.insert(this.distance(query, link), link);
    return candidates;
  }

  addLink(from: number, to: number, level: number, rowQueryPtr: number): void {
    const { u32 } = this.memory;
    const start = this.links(from, level), max = this.slots(level);
    const rows = this.neighbours(from, level);
    if (rows.includes(to)) return;
    if (rows.length < max) {
      u32[start + rows.length] = to;
      return;
    }
    const query = this.rowQuery(from, rowQueryPtr);
    const candidates = new SortedRows(max + 1);
    for (const row of [...rows, to]) candidates.insert(this.distance(query, row), row);
    this.choose(candidates, start, max, 0, rowQueryPtr);
  }
}

export function scalarGraph(memory: ScalarMemory, codeExports: ReturnType<typeof scalarCodes>): Pick<KernelExports, 'graphSearch' | 'graphInsert'> {
  return {
    graphSearch(graphPtr, _walk, topPtr, query, ef, allow, foundMax) {
      const graph = new ScalarGraph(memory, graphPtr, codeExports);
      const nearest = graph.descend(query, graph.entry, graph.topLevel, 0);
      // The entry is a seed as well: all rows can be reached from it, not from every row.
      const seeds = nearest.row === graph.entry ? [nearest] : [nearest, { row: graph.entry, distance: graph.distance(query, graph.entry) }];
      const list = graph.walk(query, seeds, ef, 0, allow, foundMax);
      const unit = graph.codes ? memory.f32[(query + CODE_QUERY_UNIT) / 4] : 1;
      const top = new ScalarTopK(memory, topPtr);
      list.rows.forEach((row, i) => top.push(fround(list.distances[i] * unit), row));
      top.sort();
      return allow ? list.rows.length : top.count;
    },

    graphInsert(graphPtr, walkPtr, from, to) {
      const graph = new ScalarGraph(memory, graphPtr, codeExports);
      const { u8, u32 } = memory;
      const queryPtr = u32[(walkPtr + WALK_QUERY) / 4], rowQueryPtr = u32[(walkPtr + WALK_ROW_QUERY) / 4];
      const efConstruction = u32[graph.at + GRAPH_EF_CONSTRUCTION / 4];
      for (let row = from; row < to; row++) {
        if (row === graph.entry) continue;
        const level = graph.levels ? u8[graph.levels + row] : 0;
        if (graph.entry === NONE) {
          graph.entry = row;
          graph.topLevel = level;
          continue;
        }
        const query = graph.rowQuery(row, queryPtr);
        const topLevel = graph.topLevel;
        let nearest = graph.descend(query, graph.entry, topLevel, level);
        for (let at = Math.min(level, topLevel); at >= 0; at--) {
          const beam = graph.walk(query, [nearest], efConstruction, at, 0, 0);
          nearest = { row: beam.rows[0], distance: beam.distances[0] };
          const links = graph.links(row, at);
          const candidates = graph.levels ? beam : graph.withLinks(query, row, beam);
          const kept = graph.choose(candidates, links, graph.m, graph.m, rowQueryPtr);
          for (let i = 0; i < kept; i++) graph.addLink(u32[links + i], row, at, rowQueryPtr);
        }
        if (level > topLevel) {
          graph.entry = row;
          graph.topLevel = level;
        }
      }
    },
  };
}
