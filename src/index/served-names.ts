/**
 * Names of Milvus's that an index of another name serves: AUTOINDEX, which picks one, and the GPU indexes, whose CPU
 * counterparts answer. The name asked for is what a collection keeps; `describeIndex` tells both. Adding one is a line
 * of the table below.
 */
import type { MetricType } from '../schema/types.ts';
import type { BuildParams, IndexType } from './index.ts';
import { IVF_FLAT, IVF_PQ } from './ivf/index.ts';
import { booleanParam, integerParam, nameParam, refuseUnknown } from './params.ts';
import { ElanusError } from '../util/error.ts';

type Raw = Readonly<Record<string, unknown>>;

interface About {
  readonly metric: MetricType;
  /** undefined: sparse rows. */
  readonly dim: number | undefined;
  /** Of the segment; Infinity where any large one is meant. */
  readonly rows: number;
}

export interface ServedName {
  readonly name: string;
  /** The kinds of vectors that it is for. */
  readonly families: IndexType['families'];
  /** Checks and completes the parameters of the name itself. */
  parseBuild(raw: Raw, about: { readonly metric: MetricType; readonly dim: number }): BuildParams;
  /** A name of the registry with its parameters, as a user could have written them. */
  serve(params: BuildParams, about: About): { readonly type: string; readonly params: Raw };
  /** Search parameters of this name in the words of the index that serves; `type`: its name. */
  searchParams(raw: Raw, limit: number, type: string): Raw;
  /** A sentence for `describeIndex`. */
  why(about: About): string;
}

const INT_MAX = 0x7fffffff;

/** Codes of this few dimensions save no memory traffic: the graph's links are the larger part. */
const FULL_VECTORS_UP_TO_DIM = 16;
/** From here on rows have so many directions to differ in that more links pay. */
const MORE_LINKS_FROM_DIM = 384;
const AUTO_EF_MIN = 64;
const AUTO_REFINE_K = 2;

/** What bits and pairs of a sparse vector are served by: each has one index. */
function plainIndex({ metric, dim }: Pick<About, 'metric' | 'dim'>): string | undefined {
  if (metric === 'HAMMING' || metric === 'JACCARD') return 'BIN_FLAT';
  return dim === undefined ? 'SPARSE_INVERTED_INDEX' : undefined;
}

/**
 * Scan below 1 MiB of vectors (as for every index), else of dense ones a graph: over codes scored again, or over the vectors
 * where they are short.
 */
const AUTOINDEX: ServedName = {
  name: 'AUTOINDEX',
  families: ['dense', 'binary', 'sparse'],
  parseBuild(raw) {
    refuseUnknown('AUTOINDEX', raw, [], 'build');
    return {};
  },
  serve(_params, about) {
    const plain = plainIndex(about);
    if (plain) return { type: plain, params: {} };
    const dim = about.dim!;
    if (dim <= FULL_VECTORS_UP_TO_DIM) return { type: 'HNSW', params: { M: 16, efConstruction: 200 } };
    return { type: 'HNSW_SQ', params: { M: dim < MORE_LINKS_FROM_DIM ? 16 : 24, efConstruction: 200, sq_type: 'SQ8', refine: true, refine_type: 'FP32' } };
  },
  searchParams(raw, limit, type) {
    if (type !== 'HNSW' && type !== 'HNSW_SQ') return raw;
    const ef = Math.max(AUTO_EF_MIN, AUTO_REFINE_K * limit);
    return type === 'HNSW_SQ' ? { ef, refine_k: AUTO_REFINE_K, ...defined(raw) } : { ef, ...defined(raw) };
  },
  why(about) {
    const plain = plainIndex(about);
    if (plain) return `${plain} was picked: it is the index of ${plain === 'BIN_FLAT' ? 'binary' : 'sparse'} vectors`;
    const dim = about.dim!;
    return dim <= FULL_VECTORS_UP_TO_DIM
      ? `HNSW was picked for ${dim} dimensions: codes of so short vectors would save little`
      : `HNSW_SQ was picked for ${dim} dimensions: a graph over 8-bit codes, the best rows scored again with the full vectors`;
  },
};

const GPU_BRUTE_FORCE: ServedName = {
  name: 'GPU_BRUTE_FORCE',
  families: ['dense'],
  parseBuild(raw) {
    refuseUnknown('GPU_BRUTE_FORCE', raw, [], 'build');
    return {};
  },
  serve: () => ({ type: 'FLAT', params: {} }),
  searchParams(raw) {
    refuseUnknown('GPU_BRUTE_FORCE', raw, [], 'search');
    return {};
  },
  why: () => 'FLAT serves GPU_BRUTE_FORCE on the CPU: the same exact scan',
};

const CAGRA_BUILD = ['intermediate_graph_degree', 'graph_degree', 'build_algo', 'cache_dataset_on_device', 'adapt_for_cpu'];
const CAGRA_SEARCH = ['itopk_size', 'search_width', 'min_iterations', 'max_iterations', 'team_size', 'ef'];
const TEAM_SIZES = [0, 4, 8, 16, 32];

/**
 * CAGRA's fixed-degree graph becomes a graph over codes of the same degree at its base level (2 M links), built from as
 * many candidates. `itopk_size`, CAGRA's breadth of search, is `ef`. What steers a GPU only is checked and has no effect.
 */
const GPU_CAGRA: ServedName = {
  name: 'GPU_CAGRA',
  families: ['dense'],
  parseBuild(raw) {
    refuseUnknown('GPU_CAGRA', raw, CAGRA_BUILD, 'build');
    const intermediate = integerParam(raw, 'intermediate_graph_degree', 4, 4096, 128);
    const degree = integerParam(raw, 'graph_degree', 4, 4096, Math.min(64, intermediate));
    if (degree > intermediate) {
      throw new ElanusError('INVALID_ARGUMENT', `"graph_degree" expected at most "intermediate_graph_degree" (${intermediate}), got ${degree}`, { parameter: 'graph_degree', index: 'GPU_CAGRA' });
    }
    return {
      intermediate_graph_degree: intermediate,
      graph_degree: degree,
      build_algo: nameParam(raw, 'build_algo', ['IVF_PQ', 'NN_DESCENT'], [], 'IVF_PQ'),
      cache_dataset_on_device: flag(raw, 'cache_dataset_on_device'),
      adapt_for_cpu: flag(raw, 'adapt_for_cpu'),
    };
  },
  serve(params) {
    const degree = params['graph_degree'] as number;
    const efConstruction = Math.max(params['intermediate_graph_degree'] as number, degree, 100);
    return { type: 'HNSW_SQ', params: { M: Math.ceil(degree / 2), efConstruction, sq_type: 'SQ8', refine: true, refine_type: 'FP32' } };
  },
  searchParams(raw, limit) {
    refuseUnknown('GPU_CAGRA', raw, CAGRA_SEARCH, 'search');
    integerParam(raw, 'search_width', 1, INT_MAX, 1);
    const least = integerParam(raw, 'min_iterations', 0, INT_MAX, 0);
    const most = integerParam(raw, 'max_iterations', 0, INT_MAX, 0);
    if (most !== 0 && most < least) throw new ElanusError('INVALID_ARGUMENT', `"max_iterations" expected 0 or at least "min_iterations" (${least}), got ${most}`, { parameter: 'max_iterations', index: 'GPU_CAGRA' });
    const team = integerParam(raw, 'team_size', 0, 32, 0);
    if (!TEAM_SIZES.includes(team)) throw new ElanusError('INVALID_ARGUMENT', `"team_size" expected one of ${TEAM_SIZES.join(', ')}, got ${team}`, { parameter: 'team_size', index: 'GPU_CAGRA' });
    const breadth = integerParam(raw, 'itopk_size', limit, INT_MAX, Math.max(64, limit));
    return { ef: integerParam(raw, 'ef', limit, INT_MAX, breadth), refine_k: AUTO_REFINE_K };
  },
  why: () => 'HNSW_SQ serves GPU_CAGRA on the CPU: a graph of the same degree over 8-bit codes, the best rows scored again; what steers a GPU only has no effect',
};

/** An inverted file of the same lists; whether a GPU holds the vectors, too, is checked and has no effect. */
function gpuIvf(name: string, served: IndexType, own: readonly string[], why: string): ServedName {
  return {
    name,
    families: ['dense'],
    parseBuild(raw, about) {
      refuseUnknown(name, raw, [...own, 'cache_dataset_on_device'], 'build');
      const { cache_dataset_on_device: _, ...rest } = raw;
      return { ...picked(served.parseBuild(rest, about), own), cache_dataset_on_device: flag(raw, 'cache_dataset_on_device') };
    },
    serve: (params) => ({ type: served.name, params: picked(params, own) }),
    searchParams(raw) {
      refuseUnknown(name, raw, ['nprobe'], 'search');
      return raw;
    },
    why: () => why,
  };
}

const GPU_IVF_FLAT = gpuIvf('GPU_IVF_FLAT', IVF_FLAT, ['nlist'], 'IVF_FLAT serves GPU_IVF_FLAT on the CPU: the same lists; what steers a GPU only has no effect');
const GPU_IVF_PQ = gpuIvf('GPU_IVF_PQ', IVF_PQ, ['nlist', 'm', 'nbits'], 'IVF_PQ serves GPU_IVF_PQ on the CPU: the same lists and product codes; what steers a GPU only has no effect');

/** Milvus's clients send flags as words, too. */
function flag(raw: Raw, name: string): boolean {
  const value = raw[name];
  return booleanParam(value === 'true' || value === 'false' ? { [name]: value === 'true' } : raw, name, false);
}

const picked = (params: BuildParams, names: readonly string[]): BuildParams => Object.fromEntries(Object.entries(params).filter(([name]) => names.includes(name)));

const defined = (raw: Raw): Raw => Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));

const NAMES: ReadonlyMap<string, ServedName> = new Map([AUTOINDEX, GPU_BRUTE_FORCE, GPU_CAGRA, GPU_IVF_FLAT, GPU_IVF_PQ].map((served) => [served.name, served]));

/** The entry of a name, case ignored; undefined for a name that is an index of its own, or none. */
export function servedName(name: string): ServedName | undefined {
  return typeof name === 'string' ? (NAMES.get(name) ?? NAMES.get(name.toUpperCase())) : undefined;
}

export const servedNames: readonly string[] = [...NAMES.keys()];
