/** Choosing and instantiating a kernel build. (Contract; the implementation follows.) */
export type KernelVariant = 'relaxed' | 'simd' | 'scalar';

/** Compiled kernels: plain data that can be posted to a worker and instantiated there. */
export interface KernelModule {
  readonly variant: KernelVariant;
  /** null for the scalar twin. */
  readonly module: WebAssembly.Module | null;
  /** Why the choice is not the fastest build; absent when it is. */
  readonly reason?: string;
}
