/** Kernel builds for tests, from build/kernels. Node 20 has relaxed SIMD behind a flag, switched on here as a library must not. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { useTwin } from '../../src/kernels/instantiate.ts';
import { scalarInstance } from '../../src/kernels/scalar.ts';
import { loadKernels, supportedVariants, type KernelModule, type KernelVariant } from '../../src/kernels/load.ts';

useTwin(scalarInstance);

const path = (variant: KernelVariant): string => fileURLToPath(new URL(`../../build/kernels/${variant}.wasm`, import.meta.url));

if (!supportedVariants().includes('relaxed')) {
  try {
    setFlagsFromString('--experimental-wasm-relaxed-simd');
  } catch {
    // An engine without the flag: testVariants says what is left out.
  }
}

/** The builds that run here; says on the console which one does not, and why. */
export function testVariants(): KernelVariant[] {
  const supported = supportedVariants();
  if (!supported.includes('relaxed')) console.warn(`kernels: relaxed is not tested, Node ${process.version} has no relaxed SIMD`);
  return supported;
}

export async function testKernels(variant?: KernelVariant): Promise<KernelModule> {
  return loadKernels({
    simd: () => readFileSync(path('simd')),
    relaxed: () => readFileSync(path('relaxed')),
    ...(variant ? { prefer: variant } : {}),
  });
}
