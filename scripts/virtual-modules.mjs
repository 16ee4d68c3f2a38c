/**
 * Modules that exist only once something has been built, by the names under which `src/` imports them (their types are
 * in `src/platform/virtual.d.ts`). esbuild and Vite both load them through `loadVirtual`.
 *
 * | name | default export |
 * |---|---|
 * | `elanus:kernels-simd`, `elanus:kernels-relaxed` | that WebAssembly build, gzip in base64 |
 * | `elanus:worker-source` | the text of the built `worker-full.js` |
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const PREFIX = 'elanus:';

/** Where `build:wasm` leaves its files. @param {'simd' | 'relaxed'} variant */
export const wasmFile = (variant) => join(ROOT, 'build', 'kernels', `${variant}.wasm`);

/**
 * The source text of a virtual module.
 * @param {string} name with its prefix
 * @param {{ workerSource?: string }} [built] the worker's text where it is known
 */
export function loadVirtual(name, built = {}) {
  switch (name) {
    case 'elanus:kernels-simd':
      return exportText(readWasm('simd'));
    case 'elanus:kernels-relaxed':
      return exportText(readWasm('relaxed'));
    case 'elanus:worker-source':
      return exportText(built.workerSource ?? '');
    default:
      throw new Error(`unknown virtual module ${name}`);
  }
}

/** @param {'simd' | 'relaxed'} variant */
function readWasm(variant) {
  const file = wasmFile(variant);
  if (!existsSync(file)) throw new Error(`${file} is missing: run \`npm run build:wasm\` first`);
  return gzipSync(readFileSync(file), { level: 9 }).toString('base64');
}

/** @param {string} text */
const exportText = (text) => `export default ${JSON.stringify(text)};\n`;
