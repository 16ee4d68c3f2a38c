/** What `tools.ts` imports when a tool is first called: one chunk. */
import { useTwin } from './kernels/instantiate.ts';
import { instantiateKernels, type Kernels } from './kernels/kernels.ts';
import type { KernelModule } from './kernels/load.ts';
import { scalarInstance } from './kernels/scalar.ts';

export { recommend } from './index/recommend.ts';
export { fitLatent, restoreLatent } from './tools/latent-space.ts';
export { integer } from './tools/matrix.ts';
export { normalizeRows } from './tools/normalize.ts';
export { fit, restore } from './tools/pca.ts';

/** Of any build. */
export function kernelsOf(module: KernelModule): Kernels {
  useTwin(scalarInstance);
  return instantiateKernels(module);
}
