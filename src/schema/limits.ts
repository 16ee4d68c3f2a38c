/** Limits of schemas and rows. Milvus's where Milvus has one. */

/** Fields, primary key and vectors included. */
export const MAX_FIELDS = 64;
export const MAX_VECTOR_FIELDS = 4;
/** Characters of a field's or a collection's name. */
export const MAX_NAME_LENGTH = 255;
/** UTF-8 bytes that a VarChar field may allow. */
export const MAX_VARCHAR_BYTES = 65_535;
/** UTF-8 bytes of one JSON value. */
export const MAX_JSON_BYTES = 65_536;
/** Elements that an Array field may allow. */
export const MAX_ARRAY_CAPACITY = 4_096;
export const MIN_DIM = 2;
export const MAX_DIM = 32_768;
/** Of a binary vector, in bits. */
export const MAX_BINARY_DIM = MAX_DIM * 8;
/** Indices of a sparse vector are below this. */
export const MAX_SPARSE_DIM = 2 ** 32 - 1;
/** Bytes of one insert as a log record, heads and padding included. */
export const MAX_BATCH_BYTES = 256 * 1024 * 1024;
