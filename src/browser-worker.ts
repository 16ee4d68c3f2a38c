/**
 * The worker of a page, engine or build: its first call says which. Becomes `worker.js`, one file without static imports: bundlers pack
 * workers no other way. What it imports on demand it finds by an expression that they know from other assets, and emit as it is.
 */
import { serveOwner } from './serve-owner.ts';

serveOwner({
  onDemand: async () => (await import(/* @vite-ignore */ /* webpackIgnore: true */ new URL('./worker-on-demand.js', import.meta.url).href)).parts,
});
