/**
 * Which linear memory holds what. WebAssembly memory never shrinks and Chromium allows about 124 memories per process:
 * so a memory of its own for the vectors of each large segment and one for its index, whose bytes come back when they are
 * dropped, and one that the small ones and the growing segments share. At most `MEMORIES_MAX` in all; past that large ones
 * share, too.
 */
import { instantiateKernels } from '../kernels/kernels.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { KernelModule } from '../kernels/load.ts';
import type { VectorCache } from './vector-cache.ts';

const OWN_MEMORY_FROM_BYTES = 8 << 20;
const MEMORIES_MAX = 60;

export class KernelPool {
  readonly module: KernelModule;
  readonly cache: VectorCache;
  #shared: Kernels | null = null;
  readonly #own = new Set<Kernels>();

  constructor(module: KernelModule, cache: VectorCache) {
    this.module = module;
    this.cache = cache;
  }

  get shared(): Kernels {
    return (this.#shared ??= instantiateKernels(this.module));
  }

  /** Kernels for something of about this size. Give them back with `release`. */
  take(byteLength: number): Kernels {
    if (byteLength < OWN_MEMORY_FROM_BYTES || this.#own.size >= MEMORIES_MAX) return this.shared;
    const kernels = instantiateKernels(this.module);
    this.#own.add(kernels);
    return kernels;
  }

  /** To be called when all that was allocated in them is freed; a memory of one's own goes as a whole. */
  release(kernels: Kernels): void {
    this.#own.delete(kernels);
  }

  get memoryBytes(): number {
    let bytes = this.#shared?.arena.usedBytes ?? 0;
    for (const kernels of this.#own) bytes += kernels.arena.usedBytes;
    return bytes;
  }
}
