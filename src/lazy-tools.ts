/** What `tools.ts` imports when a tool is first called: one chunk. */
export { recommend } from './index/recommend.ts';
export { instantiateKernels } from './kernels/kernels.ts';
export { integer } from './tools/matrix.ts';
export { normalizeRows } from './tools/normalize.ts';
export { fit, restore } from './tools/pca.ts';
