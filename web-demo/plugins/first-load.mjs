/**
 * Has the browser fetch at once what the page needs to open a database, in place of one file after the other as each is
 * found to be needed: the library's chunks for an engine in a worker, and the worker's own files.
 */

/** Chunks of the library that `connect` and the first collection import, by the beginnings of their names. */
const MODULES = ['browser-kernel-chunks', 'browser-elanus_kernels-relaxed', 'browser-remote-engine', 'browser-browser-workers', 'browser-database-admin', 'browser-collection-admin', 'browser-uncommon-fields'];
/** What the worker runs. Its modules are its own, but it and the page have one cache. */
const WORKERS = ['worker', 'worker-on-demand'];

export function firstLoad() {
  return {
    name: 'elanus-first-load',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const find = (pattern) => {
          const found = Object.keys(bundle).filter((name) => pattern.test(name));
          if (found.length !== 1) throw new Error(`one file like ${pattern} was expected, got ${found.join(', ') || 'none'}`);
          return `./${found[0]}`;
        };
        const link = (attrs) => ({ tag: 'link', attrs, injectTo: 'head' });
        return [
          ...MODULES.map((name) => link({ rel: 'modulepreload', href: find(new RegExp(`^assets/${name}-[A-Z0-9]{8}-[\\w-]{8}\\.js$`)) })),
          // Not all browsers preload for workers: the page does it (`src/session/early.ts`).
          { tag: 'meta', attrs: { name: 'worker-files', content: WORKERS.map((name) => find(new RegExp(`^assets/${name}-[\\w-]{8}\\.js$`))).join(' ') }, injectTo: 'head' },
        ];
      },
    },
  };
}
