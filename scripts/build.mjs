/**
 * `npm run build:ts`: makes `dist/` from `src/` and the kernels that `build:wasm` has made.
 *
 * | file | what it is |
 * |---|---|
 * | `browser.js`, `node.js` | the entries; what they do not always need is in chunks beside them, imported on demand |
 * | `worker.js`, `node-worker.js` | the threads, each one file without static imports: bundlers pack workers no other way |
 * | `arrow.js` | `elanus/arrow`, which imports apache-arrow |
 * | `filter.js` | `elanus/filter`, which builds filters |
 * | `io.js`, `node-io.js` | `elanus/io`, which the entries import for `import` and `export`; each format is a chunk beside them |
 * | `cli.js` | the command `elanus`, which reads the kernels beside it, and imports the entries to open a database |
 * | `worker-on-demand.js` | what `worker.js` imports when the first call needs it, such as the filter language |
 * | `worker-full.js` | `worker.js` with that, and what only few pages need, such as the scalar kernels: started instead of it then |
 * | `core.wasm`, `core-relaxed.wasm` | the kernels as files, for `connect(url, { wasm })` |
 * | `types/` | declarations of what the entries export |
 * | `LICENSES.txt` | the licences of what is bundled |
 *
 * Comlink and idb are bundled: a static page has no resolver, and our handlers must not meet the page's own Comlink.
 * Names are kept, so that stacks and profiles can be read; `build/size/` has the same fully minified, and
 * `build/size/budgets.json` says which files a first `connect` downloads.
 *
 * Options: `--no-types` leaves out the declarations (and so the type check).
 */
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { virtualModules } from './esbuild-plugins.mjs';
import { ROOT, wasmFile } from './virtual-modules.mjs';

const BROWSER = ['chrome113', 'firefox115', 'safari16.4'];
const NODE = ['node20.19'];

/** @type {import('esbuild').BuildOptions} */
const COMMON = { bundle: true, format: 'esm', charset: 'utf8', metafile: true, logLevel: 'warning', legalComments: 'none', absWorkingDir: ROOT };
const READABLE = { minifySyntax: true, minifyWhitespace: true, minifyIdentifiers: false, sourcemap: /** @type {const} */ (true), sourcesContent: false };
const MINIFIED = { minify: true, sourcemap: /** @type {const} */ (false) };

/** @param {string} name */
const source = (name) => join(ROOT, 'src', name);

/**
 * Modules that are bundles of their own in a browser, repeating what they share with the entry: few pages load them,
 * and as chunks they would cut the entry that every page loads into many small files, which compress worse.
 */
const APART = ['local-engine', 'lazy-tools'];
/** Entries that other entries import when they need them: a file by itself, of which there is one copy. */
const ENTRIES = ['io', 'node-io', 'node'];

/** @type {import('esbuild').Plugin} */
const apart = {
  name: 'apart',
  setup(plugin) {
    plugin.onResolve({ filter: new RegExp(`/(${APART.join('|')})\\.ts$`) }, ({ kind, path }) => {
      if (kind !== 'dynamic-import') return undefined;
      return { path: `./browser-${path.slice(path.lastIndexOf('/') + 1, -3)}.js`, external: true };
    });
  },
};

/** @type {import('esbuild').Plugin} */
const otherEntries = {
  name: 'other-entries',
  setup(plugin) {
    plugin.onResolve({ filter: new RegExp(`^\\./(${ENTRIES.join('|')})\\.ts$`) }, ({ kind, path }) => (kind === 'dynamic-import' ? { path: path.replace(/\.ts$/, '.js'), external: true } : undefined));
  },
};

/** Commander is CommonJS, and asks for Node's modules as such. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * Keeps all that an entry imports statically in one chunk. Without it every module that some chunk imports as well comes to lie in a
 * chunk with those that the same chunks import: the more is imported on demand, the smaller the pieces of what every page loads, and
 * the worse they compress. So whatever is imported on demand is made to import the entry, too, which is there by then. (esbuild
 * says that it ignores such an import, but it counts when chunks are cut; `assertSmallEntry` would tell.)
 * @param {string} entry
 * @returns {import('esbuild').Plugin}
 */
const oneCore = (entry) => ({
  name: 'one-core',
  setup(plugin) {
    const ENTRY = 'elanus-entry';
    const onDemand = new Set();
    plugin.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path, resolveDir }) => {
      if (kind === 'dynamic-import') onDemand.add(join(resolveDir, path));
      return undefined;
    });
    plugin.onLoad({ filter: /\.ts$/ }, ({ path }) => (onDemand.has(path) ? { contents: `${readFileSync(path, 'utf8')}\nimport '${ENTRY}';\n`, loader: 'ts' } : undefined));
    plugin.onResolve({ filter: new RegExp(`^${ENTRY}$`) }, () => ({ path: entry }));
  },
});

/**
 * Bundles everything into a folder.
 * @param {string} outdir
 * @param {typeof READABLE | typeof MINIFIED} style
 */
async function bundle(outdir, style) {
  const workers = { worker: source('browser-worker.ts'), 'worker-full': source('browser-worker-full.ts') };
  const worker = await build({ ...COMMON, ...style, entryPoints: workers, outdir, platform: 'browser', target: BROWSER, plugins: [virtualModules()] });
  await build({ ...COMMON, ...style, entryPoints: { 'worker-on-demand': source('on-demand.ts') }, outdir, platform: 'browser', target: BROWSER, plugins: [virtualModules()] });
  await build({ ...COMMON, ...style, entryPoints: { 'node-worker': source('node-worker.ts') }, outdir, platform: 'node', target: NODE, plugins: [virtualModules()] });

  // As text the worker is one of many chunks: without its reference to a source map, which would not be found there.
  const workerSource = readFileSync(join(outdir, 'worker-full.js'), 'utf8').replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n');
  const entries = { ...COMMON, ...style, outdir, splitting: true, plugins: [virtualModules({ workerSource })] };
  const browser = await build({ ...entries, plugins: [apart, otherEntries, oneCore(source('browser.ts')), ...entries.plugins], entryPoints: { browser: source('browser.ts') }, chunkNames: 'browser-[name]-[hash]', platform: 'browser', target: BROWSER, logOverride: { 'ignored-bare-import': 'silent' } });
  const parts = Object.fromEntries(APART.map((name) => [`browser-${name}`, source(`${name}.ts`)]));
  await build({ ...COMMON, ...style, entryPoints: parts, outdir, platform: 'browser', target: BROWSER, plugins: [virtualModules({ workerSource })] });
  await build({ ...entries, plugins: [otherEntries, ...entries.plugins], entryPoints: { node: source('node.ts') }, chunkNames: 'node-[name]-[hash]', platform: 'node', target: NODE });
  // For Node, too, with what a browser has: no format needs a module of Node's but the files themselves. Tables are of the user's copy of apache-arrow.
  const io = await build({ ...COMMON, ...style, outdir, splitting: true, entryPoints: { io: source('io.ts'), 'node-io': source('node-io.ts') }, chunkNames: 'io-[name]-[hash]', platform: 'browser', target: [...BROWSER, ...NODE], external: ['apache-arrow', 'node:*'] });
  // Whose Tables they are decides the user's copy of apache-arrow.
  await build({ ...COMMON, ...style, entryPoints: { arrow: source('arrow.ts') }, outdir, platform: 'neutral', target: [...BROWSER, ...NODE], external: ['apache-arrow'] });
  await build({ ...COMMON, ...style, entryPoints: { filter: source('filter.ts') }, outdir, platform: 'neutral', target: [...BROWSER, ...NODE] });
  await build({ ...COMMON, ...style, plugins: [otherEntries], entryPoints: { cli: source('cli.ts') }, outdir, platform: 'node', target: NODE, banner: { js: REQUIRE } });
  return { worker: worker.metafile, browser: browser.metafile, io: io.metafile };
}

/**
 * The files that importing `entry` downloads: itself and what it imports statically.
 * @param {import('esbuild').Metafile} metafile
 * @param {string} entry output path from the root
 */
function staticGraph(metafile, entry) {
  const seen = new Set([entry]);
  for (const file of seen) {
    for (const { path, kind } of metafile.outputs[file].imports) if (kind === 'import-statement') seen.add(path);
  }
  return [...seen];
}

/** @param {import('esbuild').Metafile} metafile @param {string} part of the path of an input */
function outputWith(metafile, part) {
  const found = Object.entries(metafile.outputs).find(([file, output]) => file.endsWith('.js') && Object.keys(output.inputs).some((input) => input.includes(part)));
  if (found === undefined) throw new Error(`no output holds ${part}`);
  return found[0];
}

/** What a page loads first is one chunk and its entry, without the engine, the kernels and the worker's text. @param {import('esbuild').Metafile} metafile @param {string[]} files */
function assertSmallEntry(metafile, files) {
  const inputs = files.flatMap((file) => Object.keys(metafile.outputs[file].inputs));
  const stray = inputs.find((input) => /src\/(engine\/engine|local-engine|roles|exec|storage\/idb|kernels\/scalar)|elanus:/.test(input.replaceAll(sep, '/')));
  if (stray !== undefined) throw new Error(`${stray} is in the static graph of the browser entry`);
  if (files.length > 2) throw new Error(`the browser entry is in pieces: ${files.join(', ')}`);
}

/** Every page loads the worker: what comes on demand must not lie in it as well. @param {import('esbuild').Metafile} worker */
function assertSmallWorker(worker) {
  const name = Object.keys(worker.outputs).find((file) => /(^|\/)worker\.js$/.test(file));
  const stray = Object.keys(worker.outputs[name ?? ''].inputs).find((input) => /src\/(filter\/(evaluate|parse|check|compile)|scalar-index\/(build|registry)|exec\/(aggregate|order)|engine\/reembed)/.test(input.replaceAll(sep, '/')));
  if (stray !== undefined) throw new Error(`${stray} is in the worker that every page loads: it is to come on demand (src/on-demand.ts)`);
}

const BUNDLED = ['comlink', 'idb', 'commander', 'hyparquet', 'hyparquet-compressors', 'fzstd', 'hyparquet-writer'];

/** What the licences of bundled packages ask for: their text, with the copy. */
function licences() {
  return BUNDLED.map((name) => {
    const folder = join(ROOT, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n`;
  }).join(`\n${'-'.repeat(72)}\n\n`);
}

/** Compiles `src/` and copies the declarations that the entries reach. */
function declarations() {
  const tsc = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b', 'src'], { cwd: ROOT, stdio: 'inherit' });
  if (tsc.status !== 0) throw new Error('the sources do not compile; see above');
  const from = join(ROOT, 'build', 'types');
  const to = join(ROOT, 'dist', 'types');
  const seen = new Set(['browser.d.ts', 'node.d.ts', 'browser-worker.d.ts', 'arrow.d.ts', 'filter.d.ts', 'io.d.ts'].map((file) => join(from, file)));
  for (const file of seen) {
    const text = readFileSync(file, 'utf8').replace(/(['"])(\.{1,2}\/[^'"]+)\.(?:ts|js)\1/g, (_match, quote, path) => {
      const target = join(dirname(file), `${path}.d.ts`);
      if (!existsSync(target)) throw new Error(`${relative(from, file)} refers to ${path}, which has no declarations`);
      seen.add(target);
      return `${quote}${path}.js${quote}`;
    });
    const out = join(to, relative(from, file));
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, text);
  }
  return seen.size;
}

/** Replaces `dist/` by what was built, in one step, so that nobody sees half of it. */
async function main() {
  const started = performance.now();
  process.chdir(ROOT);
  const staging = join(ROOT, 'build', 'dist-next');
  rmSync(staging, { recursive: true, force: true });
  rmSync(join(ROOT, 'build', 'size'), { recursive: true, force: true });

  await bundle(staging, READABLE);
  copyFileSync(wasmFile('simd'), join(staging, 'core.wasm'));
  copyFileSync(wasmFile('relaxed'), join(staging, 'core-relaxed.wasm'));
  writeFileSync(join(staging, 'LICENSES.txt'), licences());

  const minified = await bundle(join(ROOT, 'build', 'size'), MINIFIED);
  const entry = staticGraph(minified.browser, 'build/size/browser.js');
  assertSmallEntry(minified.browser, entry);
  assertSmallWorker(minified.worker);
  const talk = ['src/remote-engine', 'src/platform/kernel-chunks', 'src/platform/browser-workers'].map((part) => outputWith(minified.browser, part));
  const budgets = {
    entry,
    connect: [...new Set([...entry, ...talk.flatMap((file) => staticGraph(minified.browser, file))])],
    worker: ['build/size/worker.js'],
    io: staticGraph(minified.io, 'build/size/io.js'),
    wasm: ['simd', 'relaxed'].map((variant) => outputWith(minified.browser, `elanus:kernels-${variant}`)),
  };
  writeFileSync(join(ROOT, 'build', 'size', 'budgets.json'), `${JSON.stringify(budgets, null, 2)}\n`);

  const dist = join(ROOT, 'dist');
  rmSync(dist, { recursive: true, force: true });
  renameSync(staging, dist);
  const types = process.argv.includes('--no-types') ? 0 : declarations();
  console.log(`dist: ${readdirSync(dist).filter((file) => /\.(js|wasm)$/.test(file)).length} files, ${types} declarations, ${Math.round(performance.now() - started)} ms`);
}

await main();
