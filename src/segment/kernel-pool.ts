/**
 * Which linear memory holds what. WebAssembly memory never shrinks and Chromium allows about 124 memories per process:
 * so a memory of its own for the vectors of each large segment and one for its index, whose bytes come back when they are
 * dropped, and one that the small ones and the growing segments share, or several where one would be more than half full.
 * Past `MEMORIES_MAX` large ones share, too.
 */
import { MEMORY_BYTES_MAX } from '../kernels/arena.ts';
import { instantiateKernels } from '../kernels/kernels.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { KernelModule } from '../kernels/load.ts';
import type { VectorCache } from './vector-cache.ts';

const OWN_MEMORY_FROM_BYTES = 8 << 20;
const MEMORIES_MAX = 60;

export class KernelPool {
  readonly module: KernelModule;
  readonly cache: VectorCache;
  readonly #shared: Kernels[] = [];
  readonly #own = new Set<Kernels>();

  constructor(module: KernelModule, cache: VectorCache) {
    this.module = module;
    this.cache = cache;
  }

  /** Most bytes of one memory. */
  get memoryBytesMax(): number {
    return this.module.memoryBytesMax ?? MEMORY_BYTES_MAX;
  }

  /** Kernels for something small, or that grows. */
  get shared(): Kernels {
    return this.#sharedFor(0);
  }

  /** Kernels that are shared and, with so many bytes more, at most half full, so that what grows in them has room. */
  #sharedFor(byteLength: number): Kernels {
    const most = this.memoryBytesMax / 2 - byteLength;
    const roomy = this.#shared.find(({ arena }) => arena.usedBytes <= most);
    if (roomy) return roomy;
    const kernels = instantiateKernels(this.module);
    this.#shared.push(kernels);
    return kernels;
  }

  /** Kernels for something of about this size. Give them back with `release`. */
  take(byteLength: number): Kernels {
    if (byteLength < OWN_MEMORY_FROM_BYTES || this.#own.size >= MEMORIES_MAX) return this.#sharedFor(byteLength);
    const kernels = instantiateKernels(this.module);
    this.#own.add(kernels);
    return kernels;
  }

  /** To be called when all that was allocated in them is freed; a memory of one's own goes as a whole. */
  release(kernels: Kernels): void {
    this.#own.delete(kernels);
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const kernels of [...this.#shared, ...this.#own]) bytes += kernels.arena.usedBytes;
    return bytes;
  }
}
