/** Orama: exact scan in TypeScript, by cosine similarity alone. */
import { rowViews, timed, versionOf } from './engine.mjs';

/** @returns {Promise<import('./engine.mjs').Engine>} */
export async function orama() {
  const { create, insertMultiple, searchVector } = await import('@orama/orama');
  /** @type {any} */ let db;
  /** @type {any[]} */ let requests;
  /** @type {'cpu' | 'wall'} */ let clock;
  return {
    name: 'Orama',
    what: `Orama ${versionOf('@orama/orama')}, TypeScript, exact`,
    async build(set, { clock: chosen }) {
      const { dim } = set.base;
      clock = chosen;
      requests = rowViews(set.queries).map((q) => ({ mode: 'vector', vector: { value: Array.from(q), property: 'vector' }, similarity: -1, limit: set.k, includeVectors: false }));
      const documents = rowViews(set.base).map((row, r) => ({ id: String(r), vector: Array.from(row) }));
      const ms = await timed(clock, async () => {
        db = create({ schema: { vector: `vector[${dim}]` } });
        await insertMultiple(db, documents, 1000, undefined, undefined, 0);
      });
      return { buildSeconds: ms / 1000, ownBytes: NaN };
    },
    settings: () => [{ label: 'one query' }],
    prepare() {},
    pass: (_, count) =>
      timed(clock, async () => {
        for (let q = 0; q < count; q++) await searchVector(db, requests[q]);
      }),
    async rows(_, count) {
      const out = [];
      for (let q = 0; q < count; q++) out.push((await searchVector(db, requests[q])).hits.map((/** @type {{ id: string }} */ hit) => Number(hit.id)));
      return out;
    },
    close() {
      db = null;
    },
  };
}
