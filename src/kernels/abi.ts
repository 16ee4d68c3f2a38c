// Read by tsc and asc: keep portable. Only `export const NAME = <integer>`; both compilers inline them.
// Offsets are in bytes and are checked against the structs of assembly/layout.ts when the kernels are compiled.

/** Grows with every change of an export's meaning or of a struct; compared when kernels are instantiated. */
export const ABI_VERSION = 2;

export const METRIC_L2 = 0;
export const METRIC_IP = 1;
export const METRIC_COSINE = 2;

/** "No row": ends a list of links. As u32 it is 0xffffffff. */
export const NO_ROW = -1;

/** Rows are below 2^31: the walk keeps a mark in the top bit. */
export const MAX_ROWS = 0x7fffffff;

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
export const CODE_QUERY_CODES = 64;

// Codes: rows quantized to 7 bits, one byte a dimension.
export const CODES_ROWS = 0;
export const CODES_DIM = 4;
export const CODES_STRIDE = 8;
export const CODES_METRIC = 12;
export const CODES_SCALE = 16;
export const CODES_ZERO = 20;
export const CODES_CENTRE = 24;
export const CODES_PTR = 28;
export const CODES_TERMS = 32;
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
export const GRAPH_SIZE = 64;

// Walk: scratch memory of one walk at a time.
export const WALK_VISITED = 0;
export const WALK_BEAM = 4;
export const WALK_FOUND = 8;
export const WALK_GATHER = 12;
export const WALK_QUERY = 16;
export const WALK_ROW_QUERY = 20;
export const WALK_DISTANCES = 32;
export const WALK_SIZE = 64;

/** Rows of one call of covarianceAdd. */
export const PCA_BLOCK = 64;

/** Bytes of one entry of a beam: distance f32, row u32. */
export const BEAM_ENTRY = 8;
