/** Names that another index serves: what is built for them, how searches speak to them, what is refused. */
import { describe, expect, it } from 'vitest';
import { builtSpec, completeSpec, parseSearchParams, whyBuilt } from '../../src/index/spec.ts';
import type { Field } from '../../src/schema/types.ts';
import { isElanusError } from '../../src/util/error.ts';

const field = (dim: number): Field => ({ fieldId: 1, name: 'v', type: 'FloatVector', primaryKey: false, autoId: false, nullable: false, dim });
const spec = (type: string, params: Record<string, unknown> = {}, dim = 128) => completeSpec(field(dim), { type, params }, 'L2');
const built = (type: string, params: Record<string, unknown> = {}, dim = 128, rows = 100_000) => builtSpec(spec(type, params, dim), dim, rows);
const plan = (type: string, k: number, raw?: Record<string, unknown>, dim = 128) => parseSearchParams(spec(type, {}, dim), built(type, {}, dim), k, raw);

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isElanusError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('AUTOINDEX', () => {
  it('is a graph over codes scored again, over the vectors where they are short, with more links where they are long', () => {
    expect(spec('autoindex')).toEqual({ type: 'AUTOINDEX', metric: 'L2', params: {} });
    expect(built('AUTOINDEX', {}, 8)).toMatchObject({ type: 'HNSW', metric: 'L2', params: { M: 16 } });
    expect(built('AUTOINDEX', {}, 128)).toMatchObject({ type: 'HNSW_SQ', metric: 'L2', params: { M: 16, refine: true, refine_type: 'FP32' } });
    expect(built('AUTOINDEX', {}, 768)).toMatchObject({ type: 'HNSW_SQ', params: { M: 24, refine: true } });
    expect(whyBuilt(spec('AUTOINDEX'), 128, 1000)).toContain('HNSW_SQ');
    expect(whyBuilt(spec('HNSW'), 128, 1000)).toBeUndefined();
  });

  it('starts from a larger breadth, and takes the parameters of what it picked', () => {
    expect(plan('AUTOINDEX', 10)).toMatchObject({ ef: 64, candidates: 20, refine: true });
    expect(plan('AUTOINDEX', 100)).toMatchObject({ ef: 200, candidates: 200 });
    expect(plan('AUTOINDEX', 10, { ef: 12, refine_k: 1 })).toMatchObject({ ef: 12, candidates: 10 });
    expect(plan('AUTOINDEX', 10, undefined, 8)).toMatchObject({ ef: 64, candidates: 10, refine: false });
    expect(refusal(() => plan('AUTOINDEX', 10, { nprobe: 3 }))).toMatch(/^INVALID_ARGUMENT: "nprobe"/);
    expect(refusal(() => plan('AUTOINDEX', 10, { refine_k: 2 }, 8))).toMatch(/^INVALID_ARGUMENT: "refine_k"/);
    expect(refusal(() => spec('AUTOINDEX', { M: 8 }))).toMatch(/^INVALID_ARGUMENT: "M" expected no build parameters for AUTOINDEX/);
  });
});

describe('GPU names', () => {
  it('GPU_BRUTE_FORCE is a scan', () => {
    expect(spec('gpu_brute_force')).toEqual({ type: 'GPU_BRUTE_FORCE', metric: 'L2', params: {} });
    expect(built('GPU_BRUTE_FORCE')).toEqual({ type: 'FLAT', metric: 'L2', params: {} });
    expect(refusal(() => spec('GPU_BRUTE_FORCE', { M: 3 }))).toMatch(/^INVALID_ARGUMENT: "M"/);
    expect(refusal(() => plan('GPU_BRUTE_FORCE', 10, { ef: 3 }))).toMatch(/^INVALID_ARGUMENT: "ef"/);
    expect(whyBuilt(spec('GPU_BRUTE_FORCE'), 8, 10)).toContain('FLAT serves GPU_BRUTE_FORCE');
  });

  it('GPU_CAGRA is a graph of the same degree', () => {
    expect(spec('GPU_CAGRA').params).toEqual({ intermediate_graph_degree: 128, graph_degree: 64, build_algo: 'IVF_PQ', cache_dataset_on_device: false, adapt_for_cpu: false });
    expect(built('GPU_CAGRA')).toMatchObject({ type: 'HNSW_SQ', params: { M: 32, efConstruction: 128, refine: true } });
    expect(built('GPU_CAGRA', { intermediate_graph_degree: 256, graph_degree: 33, build_algo: 'nn_descent', adapt_for_cpu: 'true' })).toMatchObject({ params: { M: 17, efConstruction: 256 } });
    expect(spec('GPU_CAGRA', { intermediate_graph_degree: 32 }).params).toMatchObject({ graph_degree: 32 });
    expect(plan('GPU_CAGRA', 10)).toMatchObject({ ef: 64, candidates: 20, refine: true });
    expect(plan('GPU_CAGRA', 10, { itopk_size: 256, search_width: 4, min_iterations: 0, max_iterations: 10, team_size: 8 })).toMatchObject({ ef: 256 });
    expect(plan('GPU_CAGRA', 10, { itopk_size: 256, ef: 32 })).toMatchObject({ ef: 32 });
  });

  it('GPU_IVF_FLAT and GPU_IVF_PQ are the lists of their namesakes', () => {
    expect(spec('GPU_IVF_FLAT').params).toEqual({ nlist: 128, cache_dataset_on_device: false });
    expect(built('gpu_ivf_flat', { nlist: 64, cache_dataset_on_device: 'true' })).toEqual({ type: 'IVF_FLAT', metric: 'L2', params: { nlist: 64 } });
    expect(spec('GPU_IVF_PQ', { cache_dataset_on_device: true }).params).toEqual({ nlist: 128, m: 32, nbits: 8, cache_dataset_on_device: true });
    expect(built('GPU_IVF_PQ', { nlist: 64, m: 16, nbits: 4 })).toEqual({ type: 'IVF_PQ', metric: 'L2', params: { nlist: 64, m: 16, nbits: 4, refine: false, refine_type: 'FP32' } });
    expect(plan('GPU_IVF_FLAT', 10, { nprobe: 5 })).toMatchObject({ nprobe: 5, candidates: 10 });
    expect(whyBuilt(spec('GPU_IVF_FLAT'), 8, 10)).toContain('IVF_FLAT serves GPU_IVF_FLAT');
    expect(whyBuilt(spec('GPU_IVF_PQ'), 8, 10)).toContain('IVF_PQ serves GPU_IVF_PQ');
    expect(refusal(() => spec('GPU_IVF_FLAT', { m: 8 }))).toMatch(/^INVALID_ARGUMENT: "m" expected one of nlist, cache_dataset_on_device for GPU_IVF_FLAT/);
    expect(refusal(() => spec('GPU_IVF_PQ', { refine: true }))).toMatch(/^INVALID_ARGUMENT: "refine"/);
    expect(refusal(() => spec('GPU_IVF_PQ', { cache_dataset_on_device: 3 }))).toMatch(/^INVALID_ARGUMENT: "cache_dataset_on_device" expected true or false/);
    expect(refusal(() => plan('GPU_IVF_PQ', 10, { refine_k: 2 }))).toMatch(/^INVALID_ARGUMENT: "refine_k"/);
    expect(refusal(() => plan('GPU_IVF_FLAT', 10, { nprobe: 129 }))).toMatch(/^INVALID_ARGUMENT: "nprobe"/);
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ graph_degree: 0 }, /"graph_degree" expected an integer in \[4, 4096\]/],
    [{ graph_degree: 65, intermediate_graph_degree: 64 }, /"graph_degree" expected at most "intermediate_graph_degree" \(64\), got 65/],
    [{ build_algo: 'RANDOM' }, /"build_algo" expected one of IVF_PQ, NN_DESCENT/],
    [{ cache_dataset_on_device: 1 }, /"cache_dataset_on_device" expected true or false/],
    [{ M: 8 }, /"M" expected one of intermediate_graph_degree/],
  ])('GPU_CAGRA refuses to be built with %j', (params, message) => {
    expect(refusal(() => spec('GPU_CAGRA', params))).toMatch(message);
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ itopk_size: 9 }, /"itopk_size" expected an integer in \[10, /],
    [{ search_width: 0 }, /"search_width"/],
    [{ min_iterations: 5, max_iterations: 4 }, /"max_iterations" expected 0 or at least "min_iterations" \(5\), got 4/],
    [{ team_size: 5 }, /"team_size" expected one of 0, 4, 8, 16, 32/],
    [{ refine_k: 2 }, /"refine_k"/],
  ])('GPU_CAGRA refuses to be searched with %j', (params, message) => {
    expect(refusal(() => plan('GPU_CAGRA', 10, params))).toMatch(message);
  });
});
