/** Running an index build on the thread at hand, in slices: abortable, reporting, never in the host's way for long. */
import { instantiateKernels, type Kernels, type SparseBlock } from '../kernels/kernels.ts';
import type { KernelModule } from '../kernels/load.ts';
import { F32_ROWS, ROWS_SLACK_BYTES, ROW_FORMATS } from '../kernels/rows.ts';
import { VECTOR_TYPES, type DenseValues, type QueryVectors, type SparseValues } from '../schema/vector-types/index.ts';
import { assert } from '../util/assert.ts';
import { ElanusError, throwIfAborted } from '../util/error.ts';
import { yieldToHost } from '../util/yield.ts';
import type { BuildJob, IndexBase, IndexBuilder, IndexSection, SharedBuilder, Team, VectorBlock } from './index.ts';
import { getIndexType } from './registry.ts';

/** Length of a slice. A host that must draw or answer gets its turn this often. */
const SLICE_MS = 10;

export interface BuildRunContext {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** The others that build the same job at the same time; absent: none do. */
  readonly team?: TeamContext;
}

export interface TeamContext extends Team {
  /** Gives a message to all of the team and answers what all said, in their order. */
  exchange(message: Uint8Array, signal: AbortSignal | undefined): Promise<readonly Uint8Array[]>;
}

/**
 * Builds an index in a kernel memory of its own, which is given back at the end. `vectors`: job.rows of them, in the
 * form of their column; read, not kept. What the job begins with must have been read, too. Of a team only the first has the index, the others answer no sections. ABORTED
 * when the signal fires between two slices.
 */
export async function runBuild(module: KernelModule, job: BuildJob, vectors: QueryVectors, context: BuildRunContext = {}): Promise<IndexSection[]> {
  throwIfAborted(context.signal);
  const kernels = instantiateKernels(module);
  const { metric, dim, rows } = job;
  const loaded = 'offsets' in vectors ? { vectors: null, sparse: loadSparse(kernels, rows, vectors) } : { vectors: loadRows(kernels, job, vectors) };
  const builder = getIndexType(job.typeName).builder({ kernels, metric, dim, rows, ...loaded }, job.params, job.seed, context.team, baseOf(job));
  while (builder.done < builder.total) {
    await yieldToHost();
    throwIfAborted(context.signal);
    builder.step(SLICE_MS);
    if (context.team && isShared(builder)) {
      const message = builder.takeMessage();
      if (message) builder.giveMessages(await context.team.exchange(message, context.signal));
    }
    context.onProgress?.(builder.done, builder.total);
  }
  return context.team && context.team.index > 0 ? [] : builder.finish();
}

function baseOf({ base }: BuildJob): IndexBase | null {
  if (!base) return null;
  assert(base.sections.kind === 'bytes', 'what a build begins with has been read from the store');
  return { rowsTo: base.rowsTo, sections: new Map(base.sections.values.map(({ name, bytes }) => [name, bytes])) };
}

const isShared = (builder: IndexBuilder): builder is SharedBuilder => 'takeMessage' in builder;

/** Dense rows as f32, binary rows as they are. */
function loadRows(kernels: Kernels, { vectorType = 'FloatVector', rows, dim, metric }: BuildJob, values: DenseValues): VectorBlock {
  const { arena } = kernels;
  if (vectorType === 'SparseFloatVector' || values.length !== rows * VECTOR_TYPES[vectorType].elements(dim)) {
    throw new ElanusError('INVALID_ARGUMENT', `"vectors" expected ${rows} x ${dim} values of ${vectorType}, got ${values.length}`);
  }
  const format = ROW_FORMATS[vectorType];
  const isExpanded = format !== F32_ROWS && vectorType !== 'BinaryVector';
  const byteLength = isExpanded ? rows * dim * 4 : values.byteLength;
  const ptr = arena.alloc(byteLength + ROWS_SLACK_BYTES);
  // Narrower numbers are laid at the end of the room for their f32 values and widened from the front.
  const source = ptr + byteLength - values.byteLength;
  arena.u8(source, values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  if (isExpanded) kernels.exports.expandRows(format.code, source, rows * dim, ptr);
  let inverseNormsPtr = 0;
  if (metric === 'COSINE' || vectorType === 'BinaryVector') {
    inverseNormsPtr = arena.alloc(rows * 4);
    kernels.rowTerms(isExpanded ? F32_ROWS : format, ptr, rows, dim, inverseNormsPtr);
  }
  return { ptr, rows, inverseNormsPtr };
}

function loadSparse({ arena }: Kernels, rows: number, { offsets, indices, values }: SparseValues): SparseBlock {
  if (offsets.length !== rows + 1) throw new ElanusError('INVALID_ARGUMENT', `"vectors" expected ${rows} sparse rows, got ${offsets.length - 1}`);
  const put = (part: ArrayBufferView): number => {
    const ptr = arena.alloc(Math.max(part.byteLength, 4));
    arena.u8(ptr, part.byteLength).set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    return ptr;
  };
  return { offsetsPtr: put(offsets), indicesPtr: put(indices), valuesPtr: put(values) };
}
