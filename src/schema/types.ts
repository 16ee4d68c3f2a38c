/**
 * A collection's schema in the form that the engine, the files and the workers share: normalised, complete, plain
 * data. The user's shorter form and its checks are in `define.ts`.
 */

/** Field types by Milvus's names. The numbers are Milvus's wire enumeration and are persisted: never renumber. */
export const FIELD_TYPE_CODE = {
  Bool: 1,
  Int8: 2,
  Int16: 3,
  Int32: 4,
  Int64: 5,
  Float: 10,
  Double: 11,
  VarChar: 21,
  Array: 22,
  JSON: 23,
  BinaryVector: 100,
  FloatVector: 101,
  Float16Vector: 102,
  BFloat16Vector: 103,
  SparseFloatVector: 104,
  Int8Vector: 105,
} as const;

export type FieldType = keyof typeof FIELD_TYPE_CODE;
/** Vectors of numbers, every one of them stored. */
export type DenseVectorType = 'FloatVector' | 'Float16Vector' | 'BFloat16Vector' | 'Int8Vector';
export type VectorType = DenseVectorType | 'BinaryVector' | 'SparseFloatVector';
export type ScalarType = Exclude<FieldType, VectorType>;
/** What an Array may hold. */
export type ElementType = Exclude<ScalarType, 'Array' | 'JSON'>;

/**
 * Milvus's metrics. Scores: L2 is squared, HAMMING the number of bits that differ, JACCARD 1 - and / or: smaller is
 * better; IP and COSINE: larger is better. Which a type has is in `vector-types/`.
 */
export type MetricType = 'L2' | 'IP' | 'COSINE' | 'HAMMING' | 'JACCARD';

export interface IndexSpec {
  /** Milvus's index name, upper case: `FLAT`, `HNSW`, `HNSW_SQ`, … */
  readonly type: string;
  readonly metric: MetricType;
  /** Build parameters by Milvus's names, validated and complete (defaults filled in). */
  readonly params: Readonly<Record<string, number | string | boolean>>;
}

/** An index of a scalar field, or of a place inside a JSON field. */
export interface ScalarIndexSpec {
  /** Milvus's name: `INVERTED`, `BITMAP`, `STL_SORT`, `Trie`, `NGRAM`, `AUTOINDEX`. */
  readonly type: string;
  /** By Milvus's names, validated. */
  readonly params: Readonly<Record<string, number | string | boolean>>;
}

/** The model that the vectors of a field are of. */
export interface FieldEmbedder {
  /** Of the model, 1 to 255 characters: `connect` is given a function by that name. */
  readonly id: string;
  /** The VarChar field that it reads. */
  readonly input: string;
}

export interface Field {
  /** Counts the fields as they came, and names a column in files. Never reused within a collection. */
  readonly fieldId: number;
  readonly name: string;
  readonly type: FieldType;
  readonly primaryKey: boolean;
  readonly autoId: boolean;
  /** Rows may have no value: NULL. Never of the primary key, the partition key and vectors. */
  readonly nullable: boolean;
  /** What a row has whose value is missing or null. Int64: in decimal text, so that a schema is plain JSON. */
  readonly defaultValue?: boolean | number | string;
  /** The version of the schema that brought the field; absent: the first. */
  readonly addedIn?: number;
  /** VarChar: most UTF-8 bytes of a value, 1 to 65,535. */
  readonly maxLength?: number;
  /** Vectors but SparseFloatVector: 2 to 32,768; BinaryVector: bits, a multiple of 8 up to 262,144. */
  readonly dim?: number;
  /** Int64: what reads return. Absent means bigint. */
  readonly as?: 'number' | 'string';
  /** Array: what its elements are. `maxLength` is of each of them then. */
  readonly elementType?: ElementType;
  /** Array: most elements of a value, 1 to 4,096. */
  readonly maxCapacity?: number;
  /** The hidden JSON field of keys that no field has, named `$meta`, the last of the first version or of a later one. Its default is `{}`; columns are made of texts of JSON. At most one. */
  readonly isDynamic?: boolean;
  /** Its values decide in which partition a row is. At most one field. */
  readonly partitionKey?: boolean;
  /** FloatVector, Float16Vector, BFloat16Vector: what makes the vectors of rows that come without one. */
  readonly embedder?: FieldEmbedder;
  /** The index asked for in the schema, built when segments are sealed. Of scalar fields without a metric. */
  readonly index?: IndexSpec | ScalarIndexSpec;
}

export interface Schema {
  /** 1 at creation; grows with every change of the schema. */
  readonly version: number;
  readonly fields: readonly Field[];
  readonly description?: string;
}

/** As users are shown it: the hidden field is not among the fields. */
export interface ShownSchema extends Schema {
  readonly dynamicField?: true;
}

/** Options by which rows of one field fit another. */
export const COMPARED_OPTIONS = ['type', 'primaryKey', 'autoId', 'nullable', 'defaultValue', 'maxLength', 'dim', 'as', 'partitionKey', 'elementType', 'maxCapacity', 'embedder'] as const;
