/**
 * Has the browser fetch at once what the page needs to open a database, in place of one file after the other as each is
 * found to be needed: the library's chunks for an engine in a worker, and the workers' own files.
 */

/** Chunks of the library that `connect` and the first collection import, by the beginnings of their names. */
const MODULES = ['browser-kernel-chunks', 'browser-elanus_kernels-relaxed', 'browser-remote-engine', 'browser-browser-workers', 'browser-database-admin', 'browser-collection-admin', 'browser-uncommon-fields'];
/**
 * What workers run, by who needs it: the engine, or a collection. Each file is looked for in the code of the one before, as
 * several workers may have files of one name. Their modules are their own, but they and the page have one cache.
 */
const WORKERS = {
  engine: [
    ['browser-browser-workers', 'worker'],
    ['worker', 'worker-on-demand'],
  ],
  packages: [
    ['package-space', 'package-space-worker'],
    ['package-space-worker', 'browser-lazy-tools'],
    ['package-space-worker', 'browser-kernel-chunks'],
  ],
};
/** A name of the library's build has a hash of that build too. */
const named = (start) => `${start}(?:-[A-Z0-9]{8})?-[\\w-]{8}\\.js`;

export function firstLoad() {
  return {
    name: 'elanus-first-load',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const link = (name) => ({ tag: 'link', attrs: { rel: 'modulepreload', href: `./${name}` }, injectTo: 'head' });
        return [
          ...MODULES.map((start) => link(only(start, chunks(bundle, start)))),
          // Not all browsers preload for workers: the page does it (`src/session/early.ts`).
          ...Object.entries(WORKERS).map(([of, steps]) => ({ tag: 'meta', attrs: { name: `worker-files:${of}`, content: filesOf(bundle, steps).map((name) => `./${name}`).join(' ') }, injectTo: 'head' })),
        ];
      },
    },
  };
}

/** Chunks of the page; what belongs to a worker is an asset. */
function chunks(bundle, start) {
  const pattern = new RegExp(`^assets/${named(start)}$`);
  return Object.keys(bundle).filter((name) => pattern.test(name) && bundle[name].type === 'chunk');
}

function filesOf(bundle, steps) {
  const found = new Map();
  for (const [from, start] of steps) {
    const name = found.get(from) ?? only(from, chunks(bundle, from));
    const { code, source } = bundle[name];
    const names = [...String(code ?? source).matchAll(new RegExp(`(?<![\\w-])${named(start)}(?![\\w-])`, 'g'))].map(([match]) => `assets/${match}`);
    found.set(start, only(start, [...new Set(names)].filter((each) => bundle[each] !== undefined)));
  }
  return [...found.values()];
}

function only(start, names) {
  if (names.length !== 1) throw new Error(`one file named ${start} was expected, got ${names.join(', ') || 'none'}: see plugins/first-load.mjs`);
  return names[0];
}
