import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { firstLoad } from './plugins/first-load.mjs';
import { sampleVersion, serviceWorker } from './plugins/service-worker.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const sample = sampleVersion(here('./public'));

export default defineConfig({
  root: here('.'),
  // Relative, so that the built page works in any folder of any static host.
  base: './',
  // The built package, as an application would get it: its workers and wasm chunks take the same way as a user's.
  resolve: { alias: { 'elanus/io': here('../dist/io.js'), elanus: here('../dist/browser.js') } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  define: { SAMPLE_VERSION: JSON.stringify(sample) },
  plugins: [firstLoad(), serviceWorker({ template: here('./src/service-worker.js'), publicFolder: here('./public'), sample })],
  worker: { format: 'es' },
  build: { outDir: here('./dist'), emptyOutDir: true, target: 'es2023', modulePreload: { polyfill: false }, chunkSizeWarningLimit: 700 },
  server: { fs: { allow: [here('..')] } },
});
