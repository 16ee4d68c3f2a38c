/** The kernels that travel inside the package: two chunks of base64, of which at most one is fetched. */
import { loadKernels, type KernelModule, type KernelVariant } from '../kernels/load.ts';

export interface KernelOptions {
  readonly prefer?: KernelVariant;
  readonly wasm?: WebAssembly.Module | BufferSource;
}

export async function loadPackagedKernels(options: KernelOptions): Promise<KernelModule> {
  return loadKernels({
    ...options,
    simd: async () => decode((await import('elanus:kernels-simd')).default),
    relaxed: async () => decode((await import('elanus:kernels-relaxed')).default),
  });
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
