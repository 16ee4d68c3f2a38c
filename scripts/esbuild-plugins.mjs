/** The modules of `virtual-modules.mjs`, for esbuild. */
import { PREFIX, loadVirtual } from './virtual-modules.mjs';

/**
 * @param {{ workerSource?: string }} [built]
 * @returns {import('esbuild').Plugin}
 */
export function virtualModules(built) {
  return {
    name: 'elanus-virtual-modules',
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${PREFIX}`) }, ({ path }) => ({ path, namespace: 'elanus', sideEffects: false }));
      build.onLoad({ filter: /.*/, namespace: 'elanus' }, ({ path }) => ({ contents: loadVirtual(path, built), loader: 'js' }));
    },
  };
}
