/** What Vite must be taught to run `src/` as it is, without a build of the package. */
import { build } from 'esbuild';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PREFIX, ROOT, loadVirtual } from './virtual-modules.mjs';
import { virtualModules } from './esbuild-plugins.mjs';

/** The modules of `virtual-modules.mjs`. */
export function kernelModules() {
  return {
    name: 'elanus-virtual-modules',
    /** @param {string} id */
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    /** @param {string} id */
    load: (id) => (id.startsWith(`\0${PREFIX}`) ? loadVirtual(id.slice(1)) : undefined),
  };
}

/**
 * Node cannot start a thread from TypeScript on Node 20: bundles the worker and points `src/node.ts` to it. Built when
 * the runner starts, so it is never older than the sources.
 */
export function builtWorker() {
  const outfile = join(ROOT, 'build', 'test', 'node-worker.js');
  return {
    name: 'elanus-built-worker',
    enforce: /** @type {const} */ ('pre'),
    async buildStart() {
      await build({
        entryPoints: [join(ROOT, 'src', 'node-worker.ts')],
        outfile,
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node20.19',
        sourcemap: 'inline',
        logLevel: 'error',
        plugins: [virtualModules()],
      });
    },
    /** @param {string} code @param {string} id */
    transform(code, id) {
      if (id.split('?')[0] !== join(ROOT, 'src', 'node.ts').replaceAll('\\', '/')) return undefined;
      const found = "new URL('./node-worker.js', import.meta.url)";
      if (!code.includes(found)) throw new Error(`src/node.ts no longer has ${found}`);
      return { code: code.replace(found, `new URL(${JSON.stringify(pathToFileURL(outfile).href)})`), map: null };
    },
  };
}
