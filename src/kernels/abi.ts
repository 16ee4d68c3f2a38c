// Read by tsc and asc: keep portable. Only `export const NAME = <integer>`; both compilers inline them.
// Offsets are in bytes and are checked against the structs of assembly/layout.ts when the kernels are compiled.

/** Grows with every change of an export's meaning or of a struct; compared when kernels are instantiated. */
export const ABI_VERSION = 4;

export const METRIC_L2 = 0;
export const METRIC_IP = 1;
export const METRIC_COSINE = 2;
export const METRIC_HAMMING = 3;
export const METRIC_JACCARD = 4;

// How rows are stored: one number a dimension, or one bit.
export const ROWS_F32 = 0;
export const ROWS_F16 = 1;
export const ROWS_BF16 = 2;
export const ROWS_I8 = 3;
export const ROWS_BITS = 4;

// RowQuery: a query for rows of integers or bits; its elements follow at ROW_QUERY_DATA.
export const ROW_QUERY_METRIC = 0;
export const ROW_QUERY_SQUARES = 4;
export const ROW_QUERY_DATA = 16;

/** "No row": ends a list of links. As u32 it is 0xffffffff. */
export const NO_ROW = -1;

/** Rows are below 2^31: the walk keeps a mark in the top bit. */
export const MAX_ROWS = 0x7fffffff;

// SparseQuery: a hash table of a sparse query; its entries (index u32, value f32) follow at SPARSE_QUERY_TABLE.
export const SPARSE_QUERY_MASK = 0;
export const SPARSE_QUERY_SHIFT = 4;
export const SPARSE_QUERY_TABLE = 16;
export const SPARSE_ENTRY = 8;
/** Index of an entry that is free: no vector has it. As u32 it is 0xffffffff. */
export const SPARSE_FREE = -1;

// Term: one dimension of a sparse query, and where its posting list is being read.
export const TERM_CURSOR = 0;
export const TERM_END = 4;
export const TERM_WEIGHT = 8;
export const TERM_POSITION = 12;
export const TERM_BOUND = 16;
export const TERM_SIZE = 24;

// TopK: the k smallest distances so far, within a range, and their rows.
export const TOPK_K = 0;
export const TOPK_COUNT = 4;
export const TOPK_ROWS = 8;
export const TOPK_DISTANCES = 12;
export const TOPK_MIN = 16;
export const TOPK_MAX = 20;
export const TOPK_SIZE = 24;

// CodeQuery: a query quantized for one index; its codes follow at CODE_QUERY_CODES, 2 bytes a dimension.
export const CODE_QUERY_BASE = 0;
export const CODE_QUERY_FACTOR = 4;
export const CODE_QUERY_UNIT = 8;
export const CODE_QUERY_OFFSET = 12;
export const CODE_QUERY_TERMS = 16;
export const CODE_QUERY_KIND = 20;
export const CODE_QUERY_WIDTH = 24;
export const CODE_QUERY_METRIC = 28;
export const CODE_QUERY_CODES = 64;

// How a Codes block writes its rows. Held in memory only.
/** 7 bits, one byte a dimension: the only kind that a graph is built over. */
export const CODE_SQ8 = 0;
/** 6 bits, 64 dimensions in 48 bytes. */
export const CODE_SQ6 = 1;
/** 4 bits, 32 dimensions in 16 bytes. */
export const CODE_SQ4U = 2;
/** Half precision. */
export const CODE_F16 = 3;
export const CODE_BF16 = 4;
/** Product quantizer, one byte a part. */
export const CODE_PQ_BYTES = 5;
/** Product quantizer, half a byte a part. */
export const CODE_PQ_NIBBLES = 6;

// Codes: rows written as codes, by row number.
export const CODES_ROWS = 0;
export const CODES_DIM = 4;
export const CODES_STRIDE = 8;
export const CODES_METRIC = 12;
export const CODES_SCALE = 16;
export const CODES_ZERO = 20;
export const CODES_CENTRE = 24;
export const CODES_PTR = 28;
export const CODES_TERMS = 32;
export const CODES_KIND = 36;
export const CODES_WIDTH = 40;
export const CODES_PARTS = 44;
export const CODES_PART_DIM = 48;
export const CODES_STAGES = 52;
export const CODES_CODEBOOKS = 56;
export const CODES_SIZE = 64;

// Graph: links between the rows and where their vectors are.
export const GRAPH_ROWS = 0;
export const GRAPH_DIM = 4;
export const GRAPH_METRIC = 8;
export const GRAPH_M = 12;
export const GRAPH_ENTRY = 16;
export const GRAPH_TOP_LEVEL = 20;
export const GRAPH_BASE_LINKS = 24;
export const GRAPH_UPPER_LINKS = 28;
export const GRAPH_UPPER_STARTS = 32;
export const GRAPH_LEVELS = 36;
export const GRAPH_DATA = 40;
export const GRAPH_STRIDE = 44;
export const GRAPH_INVERSE_NORMS = 48;
export const GRAPH_CODES = 52;
export const GRAPH_EF_CONSTRUCTION = 56;
export const GRAPH_SLOTS = 60;
export const GRAPH_ALPHA = 64;
export const GRAPH_SIZE = 128;
/** Rows among which a walk of a graph without levels looks for its start, a multiple of four; of small graphs one in sixteen. */
export const GRAPH_START_ROWS = 256;
/** Allowed rows from which a walk over these alone begins, at most. */
export const GRAPH_SAMPLE_ROWS = 32;

// Walk: scratch memory of one walk at a time.
export const WALK_VISITED = 0;
export const WALK_BEAM = 4;
export const WALK_FOUND = 8;
export const WALK_GATHER = 12;
export const WALK_QUERY = 16;
export const WALK_ROW_QUERY = 20;
export const WALK_COMPARED = 28;
export const WALK_DISTANCES = 32;
export const WALK_SIZE = 64;

// BackLink
export const BACK_LINK_LIST = 0;
export const BACK_LINK_OWNER = 4;
export const BACK_LINK_ROW = 8;
export const BACK_LINK_NEXT = 12;
export const BACK_LINK_SIZE = 16;

/** Rows of one call of covarianceAdd. */
export const PCA_BLOCK = 64;

/** Bytes of one entry of a beam: distance f32, row u32. */
export const BEAM_ENTRY = 8;

// What the rows of an IVF's lists are. Held in memory only: files say it by their index type.
/** f32 vectors. */
export const LISTS_F32 = 0;
/** 7-bit codes (Codes). */
export const LISTS_CODES = 1;
/** Product quantizer, one byte a part. */
export const LISTS_BYTES = 2;
/** Product quantizer, half a byte a part, in blocks of 32 rows. */
export const LISTS_NIBBLES = 3;
/** One bit a dimension of the rotated residual, four dimensions a nibble, in blocks of 32 rows. */
export const LISTS_SIGNS = 4;
/** Binary rows, bytes of dim bits; centroids are binary, too. */
export const LISTS_BITS = 5;

/** Rows per block of LISTS_NIBBLES and LISTS_SIGNS. */
export const NIBBLE_ROWS = 32;
/** Centroids side by side in a panel: shape (centroids / 8, dim, 8). */
export const PANEL_LANES = 8;

// Ivf: rows in lists, each list near one centroid.
export const IVF_ROWS = 0;
export const IVF_DIM = 4;
export const IVF_METRIC = 8;
export const IVF_LISTS = 12;
export const IVF_KIND = 16;
export const IVF_CENTROIDS = 20;
export const IVF_NORMS = 24;
export const IVF_STARTS = 28;
export const IVF_ROW_IDS = 32;
export const IVF_PROBES = 36;
export const IVF_DATA = 40;
export const IVF_STRIDE = 44;
export const IVF_PER_ROW = 48;
export const IVF_FACTORS = 52;
export const IVF_CODES = 56;
export const IVF_BLOCKS = 60;
export const IVF_PARTS = 64;
export const IVF_PART_DIM = 68;
export const IVF_CODEBOOKS = 72;
export const IVF_TABLES = 76;
export const IVF_FLOAT_TABLES = 80;
export const IVF_QUERY = 84;
export const IVF_ROTATION = 88;
export const IVF_SUMS = 92;
export const IVF_FURTHER_BITS = 96;
export const IVF_FURTHER = 100;
export const IVF_FURTHER_FACTORS = 104;
export const IVF_ERRORS = 108;
export const IVF_POSITIONS = 112;
export const IVF_GATHERED = 116;
export const IVF_PROBED = 120;
export const IVF_COMPARED = 124;
export const IVF_SIZE = 128;
/** Positions that are gathered at a time. */
export const IVF_GATHERED_ROWS = 1024;
/** By so much the share of allowed rows around a query is below that of all rows where the query counts as far from them; so many times as many are then compared. */
export const IVF_FAR = 2;
export const IVF_FAR_EFFORT = 6;
/** In place of how many rows are to be compared: all that are allowed. As u32 it is 0xffffffff. */
export const IVF_ALL = -1;

// Tile: queries of a batch, to be compared with rows together.
export const TILE_DIM = 0;
export const TILE_METRIC = 4;
export const TILE_FORMAT = 8;
export const TILE_QUERY_STRIDE = 12;
export const TILE_QUERIES_PTR = 16;
export const TILE_TOPS = 20;
export const TILE_PANELS = 24;
export const TILE_BOUNDS = 28;
export const TILE_BLOCK = 32;
export const TILE_NORMS = 36;
export const TILE_NUMBERS = 40;
export const TILE_DOTS = 44;
export const TILE_SIZE = 64;

/** Queries of a tile that are packed into panels and compared with a block of rows at a time. */
export const TILE_QUERIES = 64;
/** Rows of a block, at most; a block of long rows has fewer. */
export const TILE_ROWS = 256;
/** Bytes of a block as 4 bytes a dimension: it is read once for every panel, so it should stay in the second cache. */
export const TILE_BLOCK_BYTES = 131_072;
/** Bytes of a panel's bounds: t and c, f32, shape (8) each; squares of the queries' lengths, f64, shape (8). */
export const TILE_BOUNDS_BYTES = 128;

/** Rounds of a rotation, each with its own signs. */
export const ROTATION_ROUNDS = 4;
