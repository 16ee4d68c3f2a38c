/** The kernels that travel inside the package: two chunks of gzip in base64, of which at most one is fetched. */
import { loadKernels, type KernelModule, type KernelVariant } from '../kernels/load.ts';

export interface KernelOptions {
  readonly prefer?: KernelVariant;
  readonly wasm?: WebAssembly.Module | BufferSource;
}

export async function loadPackagedKernels(options: KernelOptions): Promise<KernelModule> {
  return loadKernels({
    ...options,
    simd: async () => unpack((await import('elanus:kernels-simd')).default),
    relaxed: async () => unpack((await import('elanus:kernels-relaxed')).default),
  });
}

/** Compressed before it is base64, because a server's compression makes little of the latter: three quarters of the bytes to download. */
async function unpack(base64: string): Promise<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}
