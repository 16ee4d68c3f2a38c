/**
 * sqlite-vec: exact scan inside SQLite, a `vec0` table in memory. SQLite is Node's own where this Node has it, else
 * better-sqlite3; the scan is the extension's either way.
 */
import { rowViews, timed, versionOf } from './engine.mjs';

/** A database that may load extensions. */
async function openDatabase() {
  try {
    const { DatabaseSync } = await import('node:sqlite');
    return { db: new DatabaseSync(':memory:', { allowExtension: true }), by: "Node's SQLite" };
  } catch {
    const { default: Database } = await import('better-sqlite3');
    return { db: new Database(':memory:'), by: `better-sqlite3 ${versionOf('better-sqlite3')}` };
  }
}

/** @returns {Promise<import('./engine.mjs').Engine>} */
export async function sqliteVec() {
  const { getLoadablePath } = await import('sqlite-vec');
  const { db, by } = await openDatabase();
  db.loadExtension(getLoadablePath());
  /** @type {any} */ let select;
  /** @type {Uint8Array[]} */ let queries;
  /** @type {'cpu' | 'wall'} */ let clock;
  let k = 0;
  return {
    name: 'sqlite-vec',
    what: `sqlite-vec ${versionOf('sqlite-vec')} in ${by}, native C, exact`,
    async build(set, { clock: chosen }) {
      const { rows, dim } = set.base;
      clock = chosen;
      k = set.k;
      queries = rowViews(set.queries).map((q) => new Uint8Array(q.buffer));
      const vectors = rowViews(set.base).map((row) => new Uint8Array(row.buffer));
      const ms = await timed(clock, () => {
        db.exec(`CREATE VIRTUAL TABLE bench USING vec0(vector float[${dim}] distance_metric=${set.metric === 'COSINE' ? 'cosine' : 'l2'})`);
        const insert = db.prepare('INSERT INTO bench(rowid, vector) VALUES (?, ?)');
        db.exec('BEGIN');
        for (let r = 0; r < rows; r++) insert.run(BigInt(r + 1), vectors[r]);
        db.exec('COMMIT');
      });
      select = db.prepare('SELECT rowid AS id FROM bench WHERE vector MATCH ? AND k = ? ORDER BY distance');
      const size = db.prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size').get();
      return { buildSeconds: ms / 1000, ownBytes: Number(size.bytes) };
    },
    settings: () => [{ label: 'one query' }],
    prepare() {},
    pass: (_, count) =>
      timed(clock, () => {
        for (let q = 0; q < count; q++) select.all(queries[q], k);
      }),
    rows: async (_, count) => queries.slice(0, count).map((q) => select.all(q, k).map((/** @type {{ id: number }} */ hit) => Number(hit.id) - 1)),
    close() {
      select = null;
      db.close();
    },
  };
}
