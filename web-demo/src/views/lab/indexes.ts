/** Every index of float vectors that the library offers, with its parameters and their ranges. */
import { K } from '../../measure/truth.ts';
import type { ChoiceInfo, FlagInfo, IndexInfo, NumberInfo, ParamInfo, Params, Shape, SweepInfo } from './param.ts';

const whole = (name: string, min: number, max: number, start: NumberInfo['start'], about: string, more: Partial<NumberInfo> = {}): NumberInfo => ({
  kind: 'number', isWhole: true, name, min, max, start, about, ...more,
});
const share = (name: string, min: number, max: number, start: number, about: string): NumberInfo => ({ kind: 'number', isWhole: false, name, min, max, start, about });

const M = whole('M', 2, 2048, 16, 'Links of a row in the graph. More: better recall, more memory, a longer build.');
const EF_CONSTRUCTION = whole('efConstruction', 1, 32_768, 200, 'How many candidates an insertion looks at. More: a better graph, a longer build.');

/** About four rows a list for each list that there is, as a power of two. */
const listsFor = ({ rows }: Shape): number => 2 ** Math.max(1, Math.min(16, Math.round(Math.log2(4 * Math.sqrt(Math.max(rows, 1))))));
const NLIST = whole('nlist', 1, 65_536, listsFor, 'Lists that the rows are divided into, by the nearest of as many centres. About four times the root of the rows.');

const divisors = (dim: number): number[] => Array.from({ length: dim }, (_, i) => i + 1).filter((part) => dim % part === 0);

/** The largest divisor up to `usual`. */
const partsUpTo = (dim: number, usual: number): number => divisors(dim).findLast((part) => part <= usual) ?? 1;

const parts = (usual: (dim: number) => number): ChoiceInfo => ({
  kind: 'choice',
  name: 'm',
  isCode: true,
  about: 'Parts that a vector is cut into; each is written as the number of a word. More: truer codes, more memory. A divisor of the dimension.',
  choices: ({ dim }) => divisors(dim),
  start: ({ dim }) => partsUpTo(dim, usual(dim)),
});

const NBITS: ChoiceInfo = { kind: 'choice', name: 'nbits', isCode: true, about: 'Bits of a part: 8 choose among 256 words, 4 among 16.', choices: () => [8, 4], start: () => 8 };

const SQ_BITS: Readonly<Record<string, number>> = { SQ4U: 4, SQ6: 6, SQ8: 8, BF16: 16, FP16: 16 };
const SQ_TYPE: ChoiceInfo = {
  kind: 'choice',
  name: 'sq_type',
  isCode: true,
  about: 'How a number of a vector is written: in 4, 6 or 8 bits as a step between least and most, or as a 16-bit float.',
  choices: () => Object.keys(SQ_BITS),
  start: () => 'SQ8',
};

const REFINE: FlagInfo = { kind: 'flag', name: 'refine', isCode: true, start: true, about: 'Score the best candidates again by a finer code, or by the vectors themselves.' };

/** Types that are finer than codes of so many bits a dimension. */
const refineType = (bitsPerDim: (build: Params, shape: Shape) => number): ChoiceInfo => ({
  kind: 'choice',
  name: 'refine_type',
  isCode: true,
  about: 'What they are scored by again: FP32 are the vectors, the others a second code in the index.',
  when: ({ refine }) => refine === true,
  choices: (shape, build) => ['FP32', ...['FP16', 'BF16', 'SQ8', 'SQ6'].filter((type) => SQ_BITS[type] > bitsPerDim(build, shape))],
  start: () => 'FP32',
});
const productBits = ({ m, nbits, nrq = 1 }: Params, { dim }: Shape): number => (Number(m) * Number(nbits) * Number(nrq)) / dim;
const refineK = (start: number): NumberInfo => share('refine_k', 1, 32_768, start, 'How many times the wanted hits are scored again.');
const refined = (bits: (build: Params, shape: Shape) => number, k: number): { build: ParamInfo[]; search: ParamInfo[] } => ({
  build: [REFINE, refineType(bits)],
  search: [{ ...refineK(k), when: ({ refine }) => refine === true }],
});

/** AUTOINDEX picks a graph over the vectors up to so many dimensions; that has nothing to refine. */
const FULL_VECTORS_UP_TO_DIM = 16;
const BREADTH_MAX = 2 ** 31 - 1;
const ef: SweepInfo = { name: 'ef', about: 'candidates that the walk keeps', min: (limit) => limit, max: () => BREADTH_MAX };
const nprobe: SweepInfo = { name: 'nprobe', about: 'lists that are looked into', min: () => 1, max: ({ nlist }) => Number(nlist) };
const NO_EFFECT = 'it steers a GPU only and has no effect here';
const OF_RANGES = { max_empty_result_buckets: 'it is for searches within a range' };

const sq = refined(({ sq_type: type }) => SQ_BITS[String(type)], 2);
const pq = refined(productBits, 10);
const prq = refined(productBits, 20);
const sq8 = refined(() => 8, 2);
const ivfPq = refined(productBits, 15);
const rabitq = refined(({ rbq_bits: bits }) => Number(bits), 10);

export const INDEXES: readonly IndexInfo[] = [
  { type: 'FLAT', group: 'Exact', about: 'Every row is compared with the query: nothing is missed, nothing is built.', build: [], search: [], sweep: null },
  {
    type: 'AUTOINDEX', group: 'Graph', about: 'The library picks: a graph over 8-bit codes, its best rows scored again, or over the vectors where they are short.',
    build: [], search: [{ ...refineK(2), when: (_build, { dim }) => dim > FULL_VECTORS_UP_TO_DIM }], sweep: ef,
  },
  { type: 'HNSW', group: 'Graph', about: 'A graph of near rows over the full vectors, walked from hub to neighbour: fast, and the best recall.', build: [M, EF_CONSTRUCTION], search: [], sweep: ef },
  {
    type: 'HNSW_SQ', group: 'Graph', about: 'The same graph over numbers of a few bits: less memory to walk through, so faster still.',
    build: [M, EF_CONSTRUCTION, SQ_TYPE, ...sq.build], search: sq.search, sweep: ef,
  },
  {
    type: 'HNSW_PQ', group: 'Graph', about: 'The same graph over product codes: parts of vectors as numbers of words. Small, and rough without a second look.',
    build: [M, EF_CONSTRUCTION, parts((dim) => Math.max(32, dim >> 2)), NBITS, ...pq.build], search: pq.search, sweep: ef,
  },
  {
    type: 'HNSW_PRQ', group: 'Graph', about: 'As HNSW_PQ, but what a code leaves over is written by further ones.',
    build: [M, EF_CONSTRUCTION, parts(() => 8), { ...whole('nrq', 1, 16, 2, 'Codes after each other, each of what the one before left over.'), isCode: true }, NBITS, ...prq.build],
    search: prq.search, sweep: ef,
  },
  {
    type: 'DISKANN', group: 'Graph and store', about: 'A flat graph over small codes in memory; the full vectors of the best rows are read from the store.',
    build: [
      whole('max_degree', 1, 512, 56, 'Most links of a row. More: better recall, more memory.'),
      whole('search_list_size', 1, 32_768, 100, 'How many candidates an insertion looks at. More: a better graph, a longer build.'),
      { ...share('pq_code_budget_gb_ratio', 0, 1, 0.125, 'Size of the codes, as a share of the vectors.'), isCode: true },
      share('search_cache_budget_gb_ratio', 0, 1, 0.1, 'Full vectors that may stay in memory, as a share of all.'),
    ],
    search: [whole('beamwidth', 1, 128, 8, 'Rows that are read from the store at once.')],
    sweep: { name: 'search_list', about: 'candidates that the walk keeps', min: (limit) => limit, max: () => BREADTH_MAX },
    unused: { pq_code_budget_gb: 'the share says the same', search_cache_budget_gb: 'the share says the same' },
  },
  { type: 'IVF_FLAT', group: 'Lists', about: 'Rows in lists, each near a centre; a search looks into the nearest lists. Quick to build.', build: [NLIST], search: [], sweep: nprobe, unused: OF_RANGES },
  { type: 'IVF_SQ8', group: 'Lists', about: 'Lists of rows in 8 bits a number: a quarter of the memory.', build: [NLIST, ...sq8.build], search: sq8.search, sweep: nprobe, unused: OF_RANGES },
  {
    type: 'IVF_PQ', group: 'Lists', about: 'Lists of product codes: the smallest but for single bits.',
    build: [NLIST, parts((dim) => Math.max(32, dim >> 2)), NBITS, ...ivfPq.build], search: ivfPq.search, sweep: nprobe, unused: OF_RANGES,
  },
  {
    type: 'SCANN', group: 'Lists', about: 'Lists of 4-bit codes of two numbers each, compared in registers; the best are scored again.',
    build: [NLIST, { kind: 'flag', name: 'with_raw_data', isCode: true, start: true, about: 'Score the best candidates again by the vectors.' }],
    search: [whole('reorder_k', K + 1, 32_768, 50, 'Candidates that are scored again.', { when: ({ with_raw_data: has }) => has === true })],
    sweep: nprobe, unused: OF_RANGES,
  },
  {
    type: 'IVF_RABITQ', group: 'Lists', about: 'Lists of codes of one bit a dimension, or a few: thirty times smaller than vectors.',
    build: [NLIST, { ...whole('rbq_bits', 1, 9, 1, 'Bits of a dimension. More: truer codes, more memory.'), isCode: true }, ...rabitq.build],
    search: [whole('rbq_query_bits', 0, 8, 0, 'Bits of a dimension of the query; 0: as many as the tables hold.'), ...rabitq.search],
    sweep: nprobe, unused: { ...OF_RANGES, rbq_bits_query: 'an older name of rbq_query_bits' },
  },
  { type: 'GPU_BRUTE_FORCE', group: 'By another name', about: 'FLAT serves it.', build: [], search: [], sweep: null },
  {
    type: 'GPU_CAGRA', group: 'By another name', about: 'HNSW_SQ serves it: a graph of the same degree.',
    build: [
      whole('intermediate_graph_degree', 4, 4096, 128, 'How many candidates an insertion looks at.'),
      whole('graph_degree', 4, 4096, 64, 'Links of a row; at most the number before.'),
    ],
    search: [], sweep: { ...ef, name: 'itopk_size' },
    unused: {
      build_algo: NO_EFFECT, cache_dataset_on_device: NO_EFFECT, adapt_for_cpu: NO_EFFECT, search_width: NO_EFFECT, min_iterations: NO_EFFECT, max_iterations: NO_EFFECT, team_size: NO_EFFECT,
      ef: 'itopk_size says the same',
    },
  },
  { type: 'GPU_IVF_FLAT', group: 'By another name', about: 'IVF_FLAT serves it: the same lists.', build: [NLIST], search: [], sweep: nprobe, unused: { cache_dataset_on_device: NO_EFFECT } },
  {
    type: 'GPU_IVF_PQ', group: 'By another name', about: 'IVF_PQ serves it: the same lists and codes.',
    build: [NLIST, parts((dim) => Math.max(32, dim >> 2)), NBITS], search: [], sweep: nprobe, unused: { cache_dataset_on_device: NO_EFFECT },
  },
];
