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
  JSON: 23,
  FloatVector: 101,
} as const;

export type FieldType = keyof typeof FIELD_TYPE_CODE;
export type ScalarType = Exclude<FieldType, 'FloatVector'>;
export type VectorType = 'FloatVector';

/** Milvus's metrics for dense vectors. Scores: L2 is squared, smaller is better; IP and COSINE larger is better. */
export type MetricType = 'L2' | 'IP' | 'COSINE';

export interface IndexSpec {
  /** Milvus's index name, upper case: `FLAT`, `HNSW`, `HNSW_SQ`, … */
  readonly type: string;
  readonly metric: MetricType;
  /** Build parameters by Milvus's names, validated and complete (defaults filled in). */
  readonly params: Readonly<Record<string, number | string | boolean>>;
}

export interface Field {
  /** Position in the schema at creation; names a column in files. Never reused within a collection. */
  readonly fieldId: number;
  readonly name: string;
  readonly type: FieldType;
  readonly primaryKey: boolean;
  readonly autoId: boolean;
  /** Always false until nullable fields exist; the formats have room for them. */
  readonly nullable: boolean;
  /** VarChar: most UTF-8 bytes of a value, 1 to 65,535. */
  readonly maxLength?: number;
  /** FloatVector: 2 to 32,768. */
  readonly dim?: number;
  /** Int64: what reads return. Absent means bigint. */
  readonly as?: 'number' | 'string';
  /** Vector fields: the index asked for in the schema, built when segments are sealed. */
  readonly index?: IndexSpec;
}

export interface Schema {
  /** 1 at creation; grows with every change of the schema. */
  readonly version: number;
  readonly fields: readonly Field[];
  readonly description?: string;
}
