/** Running an index build on the thread at hand, in slices: abortable, reporting, never in the host's way for long. */
import { instantiateKernels } from '../kernels/kernels.ts';
import type { KernelModule } from '../kernels/load.ts';
import { ElanusError, throwIfAborted } from '../util/error.ts';
import { yieldToHost } from '../util/yield.ts';
import type { BuildJob, IndexSection } from './index.ts';
import { getIndexType } from './registry.ts';

/** Length of a slice. A host that must draw or answer gets its turn this often. */
const SLICE_MS = 10;

export interface BuildRunContext {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Builds an index in a kernel memory of its own, which is given back at the end. `vectors`: shape (job.rows, job.dim);
 * read, not kept. ABORTED when the signal fires between two slices.
 */
export async function runBuild(module: KernelModule, job: BuildJob, vectors: Float32Array, context: BuildRunContext = {}): Promise<IndexSection[]> {
  const { rows, dim, metric } = job;
  if (vectors.length !== rows * dim) throw new ElanusError('INVALID_ARGUMENT', `"vectors" expected ${rows} x ${dim} values, got ${vectors.length}`);
  throwIfAborted(context.signal);
  const kernels = instantiateKernels(module);
  const ptr = kernels.arena.alloc(vectors.byteLength);
  kernels.arena.f32(ptr, vectors.length).set(vectors);
  let inverseNormsPtr = 0;
  if (metric === 'COSINE') {
    inverseNormsPtr = kernels.arena.alloc(rows * 4);
    kernels.inverseNorms(ptr, rows, dim, inverseNormsPtr);
  }
  const builder = getIndexType(job.typeName).builder({ kernels, metric, dim, rows, vectors: { ptr, rows, inverseNormsPtr } }, job.params, job.seed);
  while (builder.done < builder.total) {
    await yieldToHost();
    throwIfAborted(context.signal);
    builder.step(SLICE_MS);
    context.onProgress?.(builder.done, builder.total);
  }
  return builder.finish();
}
