/** The index types by the names users know, and by the codes that files hold. Adding an index is a line here. */
import { ElanusError } from '../util/error.ts';
import { FLAT } from './flat/index.ts';
import { HNSW, HNSW_SQ } from './hnsw/index.ts';
import { IVF_FLAT, IVF_PQ, IVF_RABITQ, IVF_SQ8, SCANN } from './ivf/index.ts';
import type { IndexType } from './index.ts';
import { servedNames } from './served-names.ts';

const TYPES: readonly IndexType[] = [FLAT, HNSW, HNSW_SQ, IVF_FLAT, IVF_SQ8, IVF_PQ, SCANN, IVF_RABITQ];

/** Milvus's other names for dense vectors: asked for, they get a plain answer. Names that another index serves are in `served-names.ts`. */
const NOT_YET = [
  'HNSW_PQ', 'HNSW_PRQ', 'DISKANN', 'AISAQ', 'GPU_IVF_FLAT', 'GPU_IVF_PQ',
];

export const indexTypeNames: readonly string[] = TYPES.map((type) => type.name);

/** The type of that name, case ignored. NOT_SUPPORTED for a name of Milvus's not served yet, INVALID_ARGUMENT for any other. */
export function getIndexType(name: string): IndexType {
  const upper = typeof name === 'string' ? name.toUpperCase() : '';
  const type = TYPES.find((known) => known.name === upper);
  if (type) return type;
  const served = [...indexTypeNames, ...servedNames].join(', ');
  if (NOT_YET.includes(upper)) throw new ElanusError('NOT_SUPPORTED', `"type" expected one of ${served}, got ${upper}`, { index: upper });
  throw new ElanusError('INVALID_ARGUMENT', `"type" expected one of ${served}, got ${typeof name === 'string' ? JSON.stringify(name) : typeof name}`, { index: upper });
}

/** The type of a persisted code; FORMAT_UNSUPPORTED for one that this release does not know. */
export function getIndexTypeByCode(code: number): IndexType {
  const type = TYPES.find((known) => known.code === code);
  if (type) return type;
  throw new ElanusError('FORMAT_UNSUPPORTED', `index code expected one of ${TYPES.map((known) => known.code).join(', ')}, got ${code}: it was written by a newer release`, { code });
}
