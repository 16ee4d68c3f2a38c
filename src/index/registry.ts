/** The index types by the names users know, and by the codes that files hold. Adding an index is a line here. */
import { ElanusError } from '../util/error.ts';
import { DISKANN } from './diskann/index.ts';
import { BIN_FLAT, FLAT } from './flat/index.ts';
import { HNSW, HNSW_PQ, HNSW_PRQ, HNSW_SQ } from './hnsw/index.ts';
import { BIN_IVF_FLAT, IVF_FLAT, IVF_PQ, IVF_RABITQ, IVF_SQ8, SCANN } from './ivf/index.ts';
import { SPARSE_INVERTED_INDEX } from './sparse/index.ts';
import type { VectorTypeInfo } from '../schema/vector-types/index.ts';
import type { IndexType } from './index.ts';
import { servedNames } from './served-names.ts';

const TYPES: readonly IndexType[] = [FLAT, BIN_FLAT, HNSW, HNSW_SQ, HNSW_PQ, HNSW_PRQ, DISKANN, IVF_FLAT, IVF_SQ8, IVF_PQ, SCANN, IVF_RABITQ, BIN_IVF_FLAT, SPARSE_INVERTED_INDEX];

/** Milvus's other names: asked for, they get a plain answer. Names that another index serves are in `served-names.ts`. */
const NOT_YET = [
  'AISAQ', 'MINHASH_LSH', 'SPARSE_WAND',
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

/** The scan of a kind of vectors: what serves a field without an index. */
export const scanTypeOf = (family: VectorTypeInfo['family']): IndexType => TYPES.find((type) => type.isScan && type.families.includes(family))!;

/** INVALID_ARGUMENT for an index that is not for vectors of this type. */
export function checkFits(type: Pick<IndexType, 'name' | 'families'>, { type: vectorType, family }: VectorTypeInfo): void {
  if (type.families.includes(family)) return;
  const served = TYPES.filter((known) => known.families.includes(family)).map((known) => known.name);
  throw new ElanusError('INVALID_ARGUMENT', `"type" expected an index of ${vectorType} (${served.join(', ')}), got ${type.name}`, { index: type.name, vectorType });
}
