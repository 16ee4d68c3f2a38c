/** The twin of `assembly/walk.ts` and `assembly/grow.ts`: the same walk, the same links, step by step. */
import {
  BACK_LINK_LIST, BACK_LINK_NEXT, BACK_LINK_OWNER, BACK_LINK_ROW, BACK_LINK_SIZE, GRAPH_ALPHA, GRAPH_BASE_LINKS, GRAPH_CODES, GRAPH_DATA, GRAPH_DIM, GRAPH_EF_CONSTRUCTION, GRAPH_ENTRY, GRAPH_INVERSE_NORMS, GRAPH_LEVELS,
  GRAPH_M, GRAPH_METRIC, GRAPH_ROWS, GRAPH_SAMPLE_ROWS, GRAPH_SLOTS, GRAPH_START_ROWS, GRAPH_STRIDE, GRAPH_TOP_LEVEL, GRAPH_UPPER_LINKS, GRAPH_UPPER_STARTS, CODE_QUERY_UNIT, METRIC_L2, NO_ROW, WALK_COMPARED, WALK_QUERY, WALK_ROW_QUERY,
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

  withRoomFor(max: number): SortedRows {
    const wider = new SortedRows(max);
    wider.rows.push(...this.rows);
    wider.distances.push(...this.distances);
    wider.expanded.push(...this.expanded);
    return wider;
  }

  get isFull(): boolean {
    return this.rows.length === this.max;
  }

  /** What a distance must be below to enter. */
  get bound(): number {
    return this.isFull ? this.distances[this.max - 1] : Infinity;
  }
}

/** See `assembly/filtered-walk.ts`. */
const FAR = 4;
const DENSE = 8;

interface AllowedSearch {
  readonly ef: number;
  readonly farEf: number;
  readonly allow: number;
  readonly allowed: number;
  readonly target: number;
  readonly rowCost: number;
  readonly budget: number;
  readonly dense: boolean;
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
  readonly rows: number;
  readonly #data: number;
  readonly #stride: number;
  readonly #inverseNorms: number;
  readonly #baseLinks: number;
  readonly #upperLinks: number;
  readonly #upperStarts: number;
  readonly levels: number;
  /** Rows compared with the query so far. */
  compared = 0;
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
    this.rows = field(GRAPH_ROWS);
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
  get topLevel(): number {
    return this.memory.u32[this.at + GRAPH_TOP_LEVEL / 4];
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
    this.compared++;
    if (!this.levels) {
      const sample = Math.ceil(Math.min(GRAPH_START_ROWS, this.rows >> 4) / 4) * 4;
      this.compared += sample;
      for (let i = 0; i < sample; i++) {
        const candidate = Math.floor(((Math.imul(i, 0x9e3779b1) >>> 0) * this.rows) / 2 ** 32);
        const d = this.distance(query, candidate);
        if (d < distance && this.neighbours(candidate, 0).length > 0) {
          distance = d;
          nearest = candidate;
        }
      }
    }
    for (let level = from; level > to; level--) {
      for (let moved = true; moved; ) {
        moved = false;
        for (const next of this.neighbours(nearest, level)) {
          this.compared++;
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
  walk(query: number, seeds: readonly Nearest[], ef: number, level: number): SortedRows {
    const beam = new SortedRows(ef);
    const visited = new Set<number>();
    for (const { row, distance } of seeds.slice(0, ef)) {
      visited.add(row);
      beam.insert(distance, row);
    }
    let next = 0;
    while (next < beam.rows.length) {
      beam.expanded[next] = true;
      for (const candidate of this.neighbours(beam.rows[next], level).filter((row) => !visited.has(row))) {
        visited.add(candidate);
        this.compared++;
        const distance = this.distance(query, candidate);
        if (!(distance < beam.bound)) continue;
        const position = beam.insert(distance, candidate);
        if (position < next) next = position;
      }
      while (next < beam.rows.length && beam.expanded[next]) next++;
    }
    return beam;
  }

  /** See `assembly/filtered-walk.ts`; null where it was given up. */
  walkAllowed(query: number, seeds: readonly number[], search: AllowedSearch): SortedRows | null {
    const { u8 } = this.memory;
    const { allow, allowed, farEf, rowCost, budget, dense } = search;
    let { ef, target } = search;
    const isAllowed = (row: number): boolean => ((u8[allow + (row >> 3)] >> (row & 7)) & 1) === 1;
    let beam = new SortedRows(ef);
    const visited = new Set(seeds);
    const outside = seeds.filter((row) => !isAllowed(row));
    let next = 0, cost = 0;
    const compare = (rows: readonly number[]): void => {
      this.compared += rows.length;
      cost += rows.length * rowCost;
      for (const row of rows) {
        const distance = this.distance(query, row);
        if (!(distance < beam.bound)) continue;
        const position = beam.insert(distance, row);
        if (position < next) next = position;
      }
    };
    compare(seeds.filter(isAllowed));
    compare(this.#sampleAllowed(allow).filter((row) => !visited.has(row) && visited.add(row)));
    for (;;) {
      let row = outside.shift();
      if (row === undefined) {
        while (next < beam.rows.length && beam.expanded[next]) next++;
        if (next >= beam.rows.length) return beam;
        beam.expanded[next] = true;
        row = beam.rows[next];
      }
      if (cost > budget) return null;
      const found: number[] = [], others: number[] = [];
      let looked = 0, met = 0;
      for (const neighbour of this.neighbours(row, 0)) {
        looked++;
        if (isAllowed(neighbour)) met++;
        if (visited.has(neighbour)) continue;
        visited.add(neighbour);
        (isAllowed(neighbour) ? found : others).push(neighbour);
      }
      for (const other of others) {
        for (const neighbour of this.neighbours(other, 0)) {
          if (met >= target) break;
          looked++;
          if (!isAllowed(neighbour)) continue;
          met++;
          if (visited.has(neighbour)) continue;
          visited.add(neighbour);
          found.push(neighbour);
        }
      }
      cost += looked;
      if (row === seeds[0]) {
        const isFar = met * this.rows * FAR < looked * allowed;
        if ((dense && met * this.rows < looked * allowed * DENSE) || (isFar && farEf === 0)) return null;
        if (isFar) {
          ef = farEf;
          target = this.baseSlots;
          beam = beam.withRoomFor(ef);
        }
      }
      compare(found);
    }
  }

  #sampleAllowed(allow: number): number[] {
    const { u32 } = this.memory;
    const words = (this.rows + 31) >> 5;
    const sample: number[] = [];
    for (let part = 0; part < GRAPH_SAMPLE_ROWS; part++) {
      const end = Math.floor((words * (part + 1)) / GRAPH_SAMPLE_ROWS);
      for (let word = Math.floor((words * part) / GRAPH_SAMPLE_ROWS); word < end; word++) {
        const bits = u32[allow / 4 + word];
        if (bits === 0) continue;
        const row = word * 32 + 31 - Math.clz32(bits & -bits);
        if (row < this.rows) sample.push(row);
        break;
      }
    }
    return sample;
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

  /** A list by its number: the base lists of all rows, then the slots above. */
  list(list: number): { readonly start: number; readonly slots: number } {
    if (list < this.rows) return { start: this.links(list, 0), slots: this.slots(0) };
    return { start: this.#upperLinks / 4 + (list - this.rows) * this.m, slots: this.m };
  }

  listNumber(row: number, level: number): number {
    return level === 0 ? row : this.rows + this.memory.u32[this.#upperStarts / 4 + row] + level - 1;
  }

  chooseAnew(owner: number, start: number, slots: number, linked: readonly number[], rowQueryPtr: number): void {
    const query = this.rowQuery(owner, rowQueryPtr);
    const candidates = new SortedRows(2 * slots);
    for (const row of linked) {
      const distance = this.distance(query, row);
      if (!candidates.isFull || distance < candidates.bound) candidates.insert(distance, row);
    }
    this.choose(candidates, start, slots, 0, rowQueryPtr);
  }
}

export function scalarGraph(memory: ScalarMemory, codeExports: ReturnType<typeof scalarCodes>): Pick<KernelExports, 'graphSearch' | 'graphSearchAllowed' | 'graphChooseLinks' | 'graphListBackLinks' | 'graphAddBackLinks'> {
  /** The entry is a seed as well: all rows can be reached from it, not from every row. */
  const seedsOf = (graph: ScalarGraph, query: number): Nearest[] => {
    const nearest = graph.descend(query, graph.entry, graph.topLevel, 0);
    return nearest.row === graph.entry ? [nearest] : [nearest, { row: graph.entry, distance: graph.distance(query, graph.entry) }];
  };
  const give = (graph: ScalarGraph, walkPtr: number, topPtr: number, query: number, list: SortedRows): number => {
    memory.u32[(walkPtr + WALK_COMPARED) / 4] = graph.compared;
    const unit = graph.codes ? memory.f32[(query + CODE_QUERY_UNIT) / 4] : 1;
    const top = new ScalarTopK(memory, topPtr);
    list.rows.forEach((row, i) => top.push(fround(list.distances[i] * unit), row));
    top.sort();
    return top.count;
  };

  return {
    graphSearch(graphPtr, walkPtr, topPtr, query, ef) {
      const graph = new ScalarGraph(memory, graphPtr, codeExports);
      return give(graph, walkPtr, topPtr, query, graph.walk(query, seedsOf(graph, query), ef, 0));
    },

    graphSearchAllowed(graphPtr, walkPtr, topPtr, query, ef, farEf, allow, allowed, target, rowCost, budget, dense) {
      const graph = new ScalarGraph(memory, graphPtr, codeExports);
      const seeds = seedsOf(graph, query).map(({ row }) => row);
      const beam = graph.walkAllowed(query, seeds, { ef, farEf, allow, allowed, target, rowCost, budget, dense: dense !== 0 });
      if (beam) return give(graph, walkPtr, topPtr, query, beam);
      memory.u32[(walkPtr + WALK_COMPARED) / 4] = graph.compared;
      return NO_ROW;
    },

    graphChooseLinks(graphPtr, walkPtr, order, from, to) {
      const graph = new ScalarGraph(memory, graphPtr, codeExports);
      const { u8, u32 } = memory;
      const queryPtr = u32[(walkPtr + WALK_QUERY) / 4], rowQueryPtr = u32[(walkPtr + WALK_ROW_QUERY) / 4];
      const efConstruction = u32[graph.at + GRAPH_EF_CONSTRUCTION / 4];
      for (const row of u32.subarray(order / 4 + from, order / 4 + to)) {
        const level = graph.levels ? u8[graph.levels + row] : 0;
        const query = graph.rowQuery(row, queryPtr);
        let nearest = graph.descend(query, graph.entry, graph.topLevel, level);
        for (let at = Math.min(level, graph.topLevel); at >= 0; at--) {
          const beam = graph.walk(query, [nearest], efConstruction, at);
          nearest = { row: beam.rows[0], distance: beam.distances[0] };
          graph.choose(graph.levels ? beam : graph.withLinks(query, row, beam), graph.links(row, at), graph.m, graph.m, rowQueryPtr);
        }
      }
    },

    graphListBackLinks(graphPtr, order, from, to, backLinksTo, backLinks) {
      const graph = new ScalarGraph(memory, graphPtr, codeExports);
      const { u8, u32 } = memory;
      /** Of each list, so that the next one can be chained behind it. */
      const last = new Map<number, number>();
      let n = 0;
      for (const row of u32.subarray(order / 4 + from, order / 4 + to)) {
        for (let level = 0; level <= (graph.levels ? u8[graph.levels + row] : 0); level++) {
          const links = graph.links(row, level);
          for (let link = links; link < links + graph.m && u32[link] !== NONE; link++) {
            const owner = u32[link];
            const list = graph.listNumber(owner, level);
            const at = (backLinks + n * BACK_LINK_SIZE) / 4;
            u32[at + BACK_LINK_LIST / 4] = list;
            u32[at + BACK_LINK_OWNER / 4] = owner;
            u32[at + BACK_LINK_ROW / 4] = row;
            u32[at + BACK_LINK_NEXT / 4] = NONE;
            const before = last.get(list);
            if (before === undefined) u32[backLinksTo / 4 + list] = n;
            else u32[(backLinks + before * BACK_LINK_SIZE + BACK_LINK_NEXT) / 4] = n;
            last.set(list, n++);
          }
        }
      }
      return n;
    },

    graphAddBackLinks(graphPtr, walkPtr, backLinksTo, backLinks, from, to, ownFrom, ownTo, changed, count) {
      const graph = new ScalarGraph(memory, graphPtr, codeExports);
      const { u32 } = memory;
      const rowQueryPtr = u32[(walkPtr + WALK_ROW_QUERY) / 4];
      const field = (i: number, offset: number): number => u32[(backLinks + i * BACK_LINK_SIZE + offset) / 4];
      for (let i = from; i < to; i++) {
        const list = field(i, BACK_LINK_LIST);
        if (u32[backLinksTo / 4 + list] !== i) continue;
        u32[backLinksTo / 4 + list] = NONE;
        const { start, slots } = graph.list(list);
        const linked = [...u32.subarray(start, start + slots)].filter((row) => row !== NONE);
        // A row that is inserted again may be there.
        if (!graph.levels && linked.includes(field(i, BACK_LINK_ROW))) continue;
        for (let next = i; next !== NONE; next = field(next, BACK_LINK_NEXT)) linked.push(field(next, BACK_LINK_ROW));
        if (linked.length <= slots) u32.set(linked, start);
        else if (i >= ownFrom && i < ownTo) {
          graph.chooseAnew(field(i, BACK_LINK_OWNER), start, slots, linked, rowQueryPtr);
          u32[changed / 4 + count++] = list;
        }
      }
      return count;
    },
  };
}
