// The structs that TypeScript writes and kernels read. Their offsets are shared through src/kernels/abi.ts;
// a drift is a compile error here.
import * as abi from "../src/kernels/abi";

/**
 * The k smallest distances so far: while it fills, a max-heap by (distance, row) over two parallel arrays.
 *
 *  ┌───────┬───────────┬───────────┬────────────────┬─────────┬─────────┐
 *  │ k u32 │ count u32 │ rows ptr  │ distances ptr  │ min f32 │ max f32 │
 *  └───────┴───────────┴───────────┴────────────────┴─────────┴─────────┘
 *    0       4           8           12               16        20
 */
@unmanaged export class TopK {
  k: u32;
  count: u32;
  /** u32, shape (k). */
  rows: usize;
  /** f32, shape (k). */
  distances: usize;
  /** Distances below min or above max do not enter; -Infinity and Infinity let all in. */
  min: f32;
  max: f32;
}
if (offsetof<TopK>("k") != abi.TOPK_K) ERROR("TopK.k drifted from abi.ts");
if (offsetof<TopK>("count") != abi.TOPK_COUNT) ERROR("TopK.count drifted from abi.ts");
if (offsetof<TopK>("rows") != abi.TOPK_ROWS) ERROR("TopK.rows drifted from abi.ts");
if (offsetof<TopK>("distances") != abi.TOPK_DISTANCES) ERROR("TopK.distances drifted from abi.ts");
if (offsetof<TopK>("min") != abi.TOPK_MIN) ERROR("TopK.min drifted from abi.ts");
if (offsetof<TopK>("max") != abi.TOPK_MAX) ERROR("TopK.max drifted from abi.ts");
if (offsetof<TopK>() != abi.TOPK_SIZE) ERROR("TopK's size drifted from abi.ts");

/**
 * A query prepared for one block of codes:
 * distance(row) = (factor * (dot(v, codes(row)) - offset) + base + terms[row]) * unit, but by SQ8 for COSINE times terms[row] instead.
 * v follows at CODE_QUERY_CODES: i8 in the relaxed build, i16 in the others, zero beyond dim. Of product quantizers the sum of the
 * entries that a row names in the tables there, f32, shape (width, 256 or 16), stands for the dot product. For 16-bit floats the query
 * itself follows, f32, and the distance is that of the numbers times unit.
 */
@unmanaged export class CodeQuery {
  base: f32;
  factor: f32;
  unit: f32;
  /** The codes' zero times the sum of v: makes the dot product one with code - zero, exactly. */
  offset: i32;
  /** f32, shape (rows), or 0 where the metric has no term per row. */
  terms: usize;
  /** CODE_SQ8 and so on. */
  kind: u32;
  /** Of the Codes block. */
  width: u32;
  metric: u32;
}
if (offsetof<CodeQuery>("base") != abi.CODE_QUERY_BASE) ERROR("CodeQuery.base drifted from abi.ts");
if (offsetof<CodeQuery>("factor") != abi.CODE_QUERY_FACTOR) ERROR("CodeQuery.factor drifted from abi.ts");
if (offsetof<CodeQuery>("unit") != abi.CODE_QUERY_UNIT) ERROR("CodeQuery.unit drifted from abi.ts");
if (offsetof<CodeQuery>("offset") != abi.CODE_QUERY_OFFSET) ERROR("CodeQuery.offset drifted from abi.ts");
if (offsetof<CodeQuery>("terms") != abi.CODE_QUERY_TERMS) ERROR("CodeQuery.terms drifted from abi.ts");
if (offsetof<CodeQuery>("kind") != abi.CODE_QUERY_KIND) ERROR("CodeQuery.kind drifted from abi.ts");
if (offsetof<CodeQuery>("width") != abi.CODE_QUERY_WIDTH) ERROR("CodeQuery.width drifted from abi.ts");
if (offsetof<CodeQuery>("metric") != abi.CODE_QUERY_METRIC) ERROR("CodeQuery.metric drifted from abi.ts");

/**
 * Rows written as codes, by row number. Bits of an integer (SQ8, SQ6, SQ4U): x ≈ centre + scale * (code - zero), one scale for all
 * dimensions. 16-bit floats: x ≈ code / scale. Product quantizers: x ≈ centre + the words that the code names, one or, with
 * several stages, the sum of several for each part of the dimensions.
 */
@unmanaged export class Codes {
  rows: u32;
  dim: u32;
  /** Bytes per row. */
  stride: u32;
  metric: u32;
  scale: f32;
  zero: i32;
  /** f32, shape (dim); 0 for 16-bit floats. */
  centre: usize;
  /** Shape (rows, stride bytes). */
  ptr: usize;
  /**
   * f32, shape (rows), or 0. SQ8: sum of (code - zero)^2, the row's squared length in code units; COSINE: of a zero row 1 / scale^2 more. Other kinds, L2: the squared length of the decoded
   * row less the centre, in units of scale^2, of product quantizers with what their rows.ts adds; COSINE: 1 / the length of the decoded row, 0 for a zero row.
   */
  terms: usize;
  /** CODE_SQ8 and so on. */
  kind: u32;
  /** Elements of a prepared query: dimensions with their padding, of product quantizers tables. */
  width: u32;
  /** Product quantizers: numbers in a row's code, without padding: parts of the dimensions times stages. */
  parts: u32;
  /** Dimensions of a part. */
  partDim: u32;
  /** Numbers per part of the dimensions, one after another in the code. */
  stages: u32;
  /** f32 panels, shape (parts, 256 or 16 / 8, partDim, 8). */
  codebooks: usize;
}
if (offsetof<Codes>("rows") != abi.CODES_ROWS) ERROR("Codes.rows drifted from abi.ts");
if (offsetof<Codes>("dim") != abi.CODES_DIM) ERROR("Codes.dim drifted from abi.ts");
if (offsetof<Codes>("stride") != abi.CODES_STRIDE) ERROR("Codes.stride drifted from abi.ts");
if (offsetof<Codes>("metric") != abi.CODES_METRIC) ERROR("Codes.metric drifted from abi.ts");
if (offsetof<Codes>("scale") != abi.CODES_SCALE) ERROR("Codes.scale drifted from abi.ts");
if (offsetof<Codes>("zero") != abi.CODES_ZERO) ERROR("Codes.zero drifted from abi.ts");
if (offsetof<Codes>("centre") != abi.CODES_CENTRE) ERROR("Codes.centre drifted from abi.ts");
if (offsetof<Codes>("ptr") != abi.CODES_PTR) ERROR("Codes.ptr drifted from abi.ts");
if (offsetof<Codes>("terms") != abi.CODES_TERMS) ERROR("Codes.terms drifted from abi.ts");
if (offsetof<Codes>("kind") != abi.CODES_KIND) ERROR("Codes.kind drifted from abi.ts");
if (offsetof<Codes>("width") != abi.CODES_WIDTH) ERROR("Codes.width drifted from abi.ts");
if (offsetof<Codes>("parts") != abi.CODES_PARTS) ERROR("Codes.parts drifted from abi.ts");
if (offsetof<Codes>("partDim") != abi.CODES_PART_DIM) ERROR("Codes.partDim drifted from abi.ts");
if (offsetof<Codes>("stages") != abi.CODES_STAGES) ERROR("Codes.stages drifted from abi.ts");
if (offsetof<Codes>("codebooks") != abi.CODES_CODEBOOKS) ERROR("Codes.codebooks drifted from abi.ts");

/** Links between rows, and where their vectors (f32 or codes) are. */
@unmanaged export class Graph {
  rows: u32;
  dim: u32;
  metric: u32;
  /** Links that a row is given when it is inserted, and most above the base level. */
  m: u32;
  /** A row of the top level, where walks begin. NO_ROW in an empty graph. */
  entry: u32;
  topLevel: u32;
  /** u32, shape (rows, slots), a list ends at its first NO_ROW. */
  baseLinks: usize;
  /** u32, shape (slots, m): level l >= 1 of a row is slot upperStarts[row] + l - 1. */
  upperLinks: usize;
  /** u32, shape (rows). */
  upperStarts: usize;
  /** u8, shape (rows): highest level of the row. 0 for a graph of one level, whose entry is chosen before the first row. */
  levels: usize;
  /** Shape (rows, stride bytes): f32 vectors or codes. */
  data: usize;
  stride: u32;
  /** COSINE over f32: f32, shape (rows). 0 otherwise. */
  inverseNorms: usize;
  /** Codes* for a graph over codes, 0 over f32. */
  codes: usize;
  efConstruction: u32;
  /** Most links of a row at the base level. */
  slots: u32;
  /** A candidate is left out when a link kept before is nearer to it by this factor than the row is; at least 1. */
  alpha: f32;
}
if (offsetof<Graph>("rows") != abi.GRAPH_ROWS) ERROR("Graph.rows drifted from abi.ts");
if (offsetof<Graph>("dim") != abi.GRAPH_DIM) ERROR("Graph.dim drifted from abi.ts");
if (offsetof<Graph>("metric") != abi.GRAPH_METRIC) ERROR("Graph.metric drifted from abi.ts");
if (offsetof<Graph>("m") != abi.GRAPH_M) ERROR("Graph.m drifted from abi.ts");
if (offsetof<Graph>("entry") != abi.GRAPH_ENTRY) ERROR("Graph.entry drifted from abi.ts");
if (offsetof<Graph>("topLevel") != abi.GRAPH_TOP_LEVEL) ERROR("Graph.topLevel drifted from abi.ts");
if (offsetof<Graph>("baseLinks") != abi.GRAPH_BASE_LINKS) ERROR("Graph.baseLinks drifted from abi.ts");
if (offsetof<Graph>("upperLinks") != abi.GRAPH_UPPER_LINKS) ERROR("Graph.upperLinks drifted from abi.ts");
if (offsetof<Graph>("upperStarts") != abi.GRAPH_UPPER_STARTS) ERROR("Graph.upperStarts drifted from abi.ts");
if (offsetof<Graph>("levels") != abi.GRAPH_LEVELS) ERROR("Graph.levels drifted from abi.ts");
if (offsetof<Graph>("data") != abi.GRAPH_DATA) ERROR("Graph.data drifted from abi.ts");
if (offsetof<Graph>("stride") != abi.GRAPH_STRIDE) ERROR("Graph.stride drifted from abi.ts");
if (offsetof<Graph>("inverseNorms") != abi.GRAPH_INVERSE_NORMS) ERROR("Graph.inverseNorms drifted from abi.ts");
if (offsetof<Graph>("codes") != abi.GRAPH_CODES) ERROR("Graph.codes drifted from abi.ts");
if (offsetof<Graph>("efConstruction") != abi.GRAPH_EF_CONSTRUCTION) ERROR("Graph.efConstruction drifted from abi.ts");
if (offsetof<Graph>("slots") != abi.GRAPH_SLOTS) ERROR("Graph.slots drifted from abi.ts");
if (offsetof<Graph>("alpha") != abi.GRAPH_ALPHA) ERROR("Graph.alpha drifted from abi.ts");

/** Scratch memory of one walk at a time. All of `visited` is zero between calls. */
@unmanaged export class Walk {
  /** Bitset, one bit a row, in whole 16-byte blocks. */
  visited: usize;
  /** Entries (f32 distance, u32 row), shape (ef + 1), nearest first; in the build of a graph of one level (ef + slots + 1). */
  beam: usize;
  /** The same, for the rows that a filter allows, or for a list of links that is chosen anew: shape (max(found, slots + 1)), 2 slots of them in a build. */
  found: usize;
  /** u32, shape (slots + 4): rows whose distances come next. */
  gather: usize;
  /** Room for a query in the form that the graph's rows need: f32, or a CodeQuery. */
  query: usize;
  /** Like `query`: a row that a build compares with others. */
  rowQuery: usize;
  /** Written, never read. */
  touched: u32;
  /** Rows compared with the query of the last search. */
  compared: u32;
  /** Distances of up to four rows, f32. At a multiple of 16. */
  distances: v128;
}
if (offsetof<Walk>("visited") != abi.WALK_VISITED) ERROR("Walk.visited drifted from abi.ts");
if (offsetof<Walk>("beam") != abi.WALK_BEAM) ERROR("Walk.beam drifted from abi.ts");
if (offsetof<Walk>("found") != abi.WALK_FOUND) ERROR("Walk.found drifted from abi.ts");
if (offsetof<Walk>("gather") != abi.WALK_GATHER) ERROR("Walk.gather drifted from abi.ts");
if (offsetof<Walk>("query") != abi.WALK_QUERY) ERROR("Walk.query drifted from abi.ts");
if (offsetof<Walk>("rowQuery") != abi.WALK_ROW_QUERY) ERROR("Walk.rowQuery drifted from abi.ts");
if (offsetof<Walk>("compared") != abi.WALK_COMPARED) ERROR("Walk.compared drifted from abi.ts");
if (offsetof<Walk>("distances") != abi.WALK_DISTANCES) ERROR("Walk.distances drifted from abi.ts");

/** What a link that a new row chose asks for in return: a link to the row in a list of the row that was chosen. */
@unmanaged export class BackLink {
  /** Number of the list: the base lists of all rows come first, then the slots above. */
  list: u32;
  /** The row whose list it is. */
  owner: u32;
  /** The row to link to. */
  row: u32;
  /** The next BackLink of the same list, NO_ROW behind the last. */
  next: u32;
}
if (offsetof<BackLink>("list") != abi.BACK_LINK_LIST) ERROR("BackLink.list drifted from abi.ts");
if (offsetof<BackLink>("owner") != abi.BACK_LINK_OWNER) ERROR("BackLink.owner drifted from abi.ts");
if (offsetof<BackLink>("row") != abi.BACK_LINK_ROW) ERROR("BackLink.row drifted from abi.ts");
if (offsetof<BackLink>("next") != abi.BACK_LINK_NEXT) ERROR("BackLink.next drifted from abi.ts");
if (offsetof<BackLink>() != abi.BACK_LINK_SIZE) ERROR("BackLink's size drifted from abi.ts");

/**
 * A query for rows of integers (ROWS_I8) or bits (ROWS_BITS). Its elements follow at ROW_QUERY_DATA, as i16 or as bytes,
 * zero up to a multiple of 16 of them: so rows need no padding, whatever lies behind them is multiplied by zero.
 */
@unmanaged export class RowQuery {
  metric: u32;
  /** Sum of the elements' squares; of bits, how many are set. */
  squares: i32;
}
if (offsetof<RowQuery>("metric") != abi.ROW_QUERY_METRIC) ERROR("RowQuery.metric drifted from abi.ts");
if (offsetof<RowQuery>("squares") != abi.ROW_QUERY_SQUARES) ERROR("RowQuery.squares drifted from abi.ts");

/** A sparse query as a hash table of a power of two of entries, which follow at SPARSE_QUERY_TABLE. */
@unmanaged export class SparseQuery {
  /** Entries - 1. */
  mask: u32;
  /** 32 - log2(entries). */
  shift: u32;
}
if (offsetof<SparseQuery>("mask") != abi.SPARSE_QUERY_MASK) ERROR("SparseQuery.mask drifted from abi.ts");
if (offsetof<SparseQuery>("shift") != abi.SPARSE_QUERY_SHIFT) ERROR("SparseQuery.shift drifted from abi.ts");

/** One dimension of a sparse query, and where its posting list is being read. */
@unmanaged export class Term {
  /** Into the list's rows, u32; the value of the row is as far from it as all values are from all rows. */
  cursor: usize;
  end: usize;
  /** The query's value. */
  weight: f32;
  /** Among the query's dimensions in ascending order. */
  position: u32;
  /** Most that the dimension can add to a score; 0 where it can only take away. */
  bound: f64;
}
if (offsetof<Term>("cursor") != abi.TERM_CURSOR) ERROR("Term.cursor drifted from abi.ts");
if (offsetof<Term>("end") != abi.TERM_END) ERROR("Term.end drifted from abi.ts");
if (offsetof<Term>("weight") != abi.TERM_WEIGHT) ERROR("Term.weight drifted from abi.ts");
if (offsetof<Term>("position") != abi.TERM_POSITION) ERROR("Term.position drifted from abi.ts");
if (offsetof<Term>("bound") != abi.TERM_BOUND) ERROR("Term.bound drifted from abi.ts");
if (offsetof<Term>() != abi.TERM_SIZE) ERROR("Term's size drifted from abi.ts");

/**
 * Rows of a segment in lists, each list near one centroid. Position p is the place of a row in the lists, one after
 * another; list l holds the positions starts[l] .. starts[l + 1] - 1. Arrays by position have room for 32 entries more
 * than there are rows, because whole groups are loaded.
 */
@unmanaged export class Ivf {
  rows: u32;
  dim: u32;
  metric: u32;
  /** How many lists, at least 1. */
  lists: u32;
  /** LISTS_F32 and so on. */
  kind: u32;
  /** f32, shape (lists, dim). SIGNS: rotated. BITS: binary rows. */
  centroids: usize;
  /** f32, shape (lists): squared lengths of the centroids. BITS: u32, how many bits are set. */
  norms: usize;
  /** u32, shape (lists + 1). */
  starts: usize;
  /** u32, shape (rows): the segment's row at a position. */
  rowIds: usize;
  /** TopK with room for all lists: scratch. */
  probes: usize;
  /** F32, BYTES, BITS: shape (rows, stride bytes), by position. NIBBLES, SIGNS: shape (blocks, parts, 16). */
  data: usize;
  stride: u32;
  /** f32, shape (rows), by position, or 0. F32: inverse norms; BYTES, NIBBLES, SIGNS: what is added to a row's distance. BITS: u32, bits set. */
  perRow: usize;
  /** SIGNS: f32, shape (rows), by position: what the dot product of query and signs is multiplied by. */
  factors: usize;
  /** CODES: the Codes*, rows by position. */
  codes: usize;
  /** NIBBLES, SIGNS: u32, shape (lists): number of a list's first block. */
  blocks: usize;
  /** BYTES, NIBBLES, SIGNS: parts of a row's code; NIBBLES, SIGNS: even, the last may be padding. */
  parts: u32;
  /** BYTES, NIBBLES: dimensions of a part. SIGNS: 4. */
  partDim: u32;
  /** BYTES, NIBBLES: f32 panels, shape (parts, 256 or 16 / 8, partDim, 8), zero for padding. */
  codebooks: usize;
  /** NIBBLES, SIGNS: u8, shape (parts, 16): scratch. */
  tables: usize;
  /** BYTES: f32, shape (parts, 256); NIBBLES, SIGNS: shape (parts, 16): scratch. */
  floatTables: usize;
  /** The query in the form that the rows need, room for parts * partDim values (further bits: for a multiple of 16, zero beyond those): scratch. */
  query: usize;
  /** SIGNS: f32, shape (ROTATION_ROUNDS, dim): 1 or -1. 0: rows are not rotated. */
  rotation: usize;
  /** f32, shape (32): scratch. */
  sums: usize;
  /** SIGNS: bits a dimension that follow the sign, 0 to 8. */
  furtherBits: u32;
  /** u8, shape (rows, dim / 16 rounded up, furtherBits, 2), by position: bit planes of 16 dimensions, the highest first. */
  further: usize;
  /** f32, shape (rows, 2), by position: what the dot product of query and whole code is multiplied by, and what is added. */
  furtherFactors: usize;
  /** f32, shape (rows), by position: how far the estimate by signs may be from the distance, for a query at distance 1 from the centroid (IP: of length 1). */
  errors: usize;
  /** Bitset over the positions, and a word more, for the filter of a search; 0: it goes by the row numbers. */
  positions: usize;
  /** u32, shape (IVF_GATHERED_ROWS): scratch. */
  gathered: usize;
  /** Of the last search: lists that it looked into (0: it took the rows as they lie), and rows that it compared. */
  probed: u32;
  compared: u32;
}
if (offsetof<Ivf>("rows") != abi.IVF_ROWS) ERROR("Ivf.rows drifted from abi.ts");
if (offsetof<Ivf>("dim") != abi.IVF_DIM) ERROR("Ivf.dim drifted from abi.ts");
if (offsetof<Ivf>("metric") != abi.IVF_METRIC) ERROR("Ivf.metric drifted from abi.ts");
if (offsetof<Ivf>("lists") != abi.IVF_LISTS) ERROR("Ivf.lists drifted from abi.ts");
if (offsetof<Ivf>("kind") != abi.IVF_KIND) ERROR("Ivf.kind drifted from abi.ts");
if (offsetof<Ivf>("centroids") != abi.IVF_CENTROIDS) ERROR("Ivf.centroids drifted from abi.ts");
if (offsetof<Ivf>("norms") != abi.IVF_NORMS) ERROR("Ivf.norms drifted from abi.ts");
if (offsetof<Ivf>("starts") != abi.IVF_STARTS) ERROR("Ivf.starts drifted from abi.ts");
if (offsetof<Ivf>("rowIds") != abi.IVF_ROW_IDS) ERROR("Ivf.rowIds drifted from abi.ts");
if (offsetof<Ivf>("probes") != abi.IVF_PROBES) ERROR("Ivf.probes drifted from abi.ts");
if (offsetof<Ivf>("data") != abi.IVF_DATA) ERROR("Ivf.data drifted from abi.ts");
if (offsetof<Ivf>("stride") != abi.IVF_STRIDE) ERROR("Ivf.stride drifted from abi.ts");
if (offsetof<Ivf>("perRow") != abi.IVF_PER_ROW) ERROR("Ivf.perRow drifted from abi.ts");
if (offsetof<Ivf>("factors") != abi.IVF_FACTORS) ERROR("Ivf.factors drifted from abi.ts");
if (offsetof<Ivf>("codes") != abi.IVF_CODES) ERROR("Ivf.codes drifted from abi.ts");
if (offsetof<Ivf>("blocks") != abi.IVF_BLOCKS) ERROR("Ivf.blocks drifted from abi.ts");
if (offsetof<Ivf>("parts") != abi.IVF_PARTS) ERROR("Ivf.parts drifted from abi.ts");
if (offsetof<Ivf>("partDim") != abi.IVF_PART_DIM) ERROR("Ivf.partDim drifted from abi.ts");
if (offsetof<Ivf>("codebooks") != abi.IVF_CODEBOOKS) ERROR("Ivf.codebooks drifted from abi.ts");
if (offsetof<Ivf>("tables") != abi.IVF_TABLES) ERROR("Ivf.tables drifted from abi.ts");
if (offsetof<Ivf>("floatTables") != abi.IVF_FLOAT_TABLES) ERROR("Ivf.floatTables drifted from abi.ts");
if (offsetof<Ivf>("query") != abi.IVF_QUERY) ERROR("Ivf.query drifted from abi.ts");
if (offsetof<Ivf>("rotation") != abi.IVF_ROTATION) ERROR("Ivf.rotation drifted from abi.ts");
if (offsetof<Ivf>("sums") != abi.IVF_SUMS) ERROR("Ivf.sums drifted from abi.ts");
if (offsetof<Ivf>("furtherBits") != abi.IVF_FURTHER_BITS) ERROR("Ivf.furtherBits drifted from abi.ts");
if (offsetof<Ivf>("further") != abi.IVF_FURTHER) ERROR("Ivf.further drifted from abi.ts");
if (offsetof<Ivf>("furtherFactors") != abi.IVF_FURTHER_FACTORS) ERROR("Ivf.furtherFactors drifted from abi.ts");
if (offsetof<Ivf>("errors") != abi.IVF_ERRORS) ERROR("Ivf.errors drifted from abi.ts");
if (offsetof<Ivf>("positions") != abi.IVF_POSITIONS) ERROR("Ivf.positions drifted from abi.ts");
if (offsetof<Ivf>("gathered") != abi.IVF_GATHERED) ERROR("Ivf.gathered drifted from abi.ts");
if (offsetof<Ivf>("probed") != abi.IVF_PROBED) ERROR("Ivf.probed drifted from abi.ts");
if (offsetof<Ivf>("compared") != abi.IVF_COMPARED) ERROR("Ivf.compared drifted from abi.ts");

/**
 * Queries of a batch, each with a top-k of its own. All but the first six fields is scratch for the queries and rows
 * under way.
 */
@unmanaged export class Tile {
  dim: u32;
  metric: u32;
  /** ROWS_* */
  format: u32;
  queryStride: u32;
  /** Shape (queries, queryStride bytes), each in the form that a scan of one takes: f32, or a RowQuery. */
  queries: usize;
  /** TopK, shape (queries). */
  tops: usize;
  /** Shape (TILE_QUERIES / 8, ceil(bytes of a row as f32 or i16 / 4), 8 lanes of 4 bytes). */
  panels: usize;
  /** Shape (TILE_QUERIES / 8, TILE_BOUNDS_BYTES). */
  bounds: usize;
  /** Rows that are not compared where they lie: f32, or i16 pairs, shape (blockRows, ...), and 16 bytes more. */
  block: usize;
  /** f32, shape (TILE_ROWS): the row's part of the bound. */
  norms: usize;
  /** u32, shape (TILE_ROWS): the rows' places in the data. */
  numbers: usize;
  /** f32, shape (4, 8): dot products of four rows and a panel. */
  dots: usize;
}
if (offsetof<Tile>("dim") != abi.TILE_DIM) ERROR("Tile.dim drifted from abi.ts");
if (offsetof<Tile>("metric") != abi.TILE_METRIC) ERROR("Tile.metric drifted from abi.ts");
if (offsetof<Tile>("format") != abi.TILE_FORMAT) ERROR("Tile.format drifted from abi.ts");
if (offsetof<Tile>("queryStride") != abi.TILE_QUERY_STRIDE) ERROR("Tile.queryStride drifted from abi.ts");
if (offsetof<Tile>("queries") != abi.TILE_QUERIES_PTR) ERROR("Tile.queries drifted from abi.ts");
if (offsetof<Tile>("tops") != abi.TILE_TOPS) ERROR("Tile.tops drifted from abi.ts");
if (offsetof<Tile>("panels") != abi.TILE_PANELS) ERROR("Tile.panels drifted from abi.ts");
if (offsetof<Tile>("bounds") != abi.TILE_BOUNDS) ERROR("Tile.bounds drifted from abi.ts");
if (offsetof<Tile>("block") != abi.TILE_BLOCK) ERROR("Tile.block drifted from abi.ts");
if (offsetof<Tile>("norms") != abi.TILE_NORMS) ERROR("Tile.norms drifted from abi.ts");
if (offsetof<Tile>("numbers") != abi.TILE_NUMBERS) ERROR("Tile.numbers drifted from abi.ts");
if (offsetof<Tile>("dots") != abi.TILE_DOTS) ERROR("Tile.dots drifted from abi.ts");
