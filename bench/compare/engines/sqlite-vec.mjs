/**
 * sqlite-vec: exact scan inside SQLite, a `vec0` table in memory. SQLite is Node's own where this Node has it, else
 * better-sqlite3; the scan is the extension's either way.
 *
 * Under a filter there are two forms: the fields as metadata columns of the `vec0` table, and a plain table of fields and vectors
 * with an ordinary index on each field, ordered by the extension's distance function.
 */
import { columnsOf, rowViews, timed, versionOf } from './engine.mjs';

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
  /** By form and field. @type {Record<string, any>} */
  const filtered = {};
  let isFiltered = false;
  /** @param {import('./engine.mjs').Setting} setting @param {Uint8Array} query */
  const ask = ({ filter, isPlain }, query) => {
    if (!filter) return select.all(query, k);
    return isPlain ? filtered[`plain ${filter.field}`].all(filter.value, query, k) : filtered[filter.field].all(query, k, filter.value);
  };
  /** @type {Uint8Array[]} */ let queries;
  /** @type {'cpu' | 'wall'} */ let clock;
  let k = 0;
  return {
    name: 'sqlite-vec',
    what: `sqlite-vec ${versionOf('sqlite-vec')} in ${by}, native C, exact`,
    async build(set, { clock: chosen }) {
      const { rows, dim } = set.base;
      const metric = set.metric === 'COSINE' ? 'cosine' : 'l2';
      const fields = Object.entries(columnsOf(set));
      const names = fields.map(([field]) => `, ${field}`).join('');
      isFiltered = 'filters' in set;
      clock = chosen;
      k = set.k;
      queries = rowViews(set.queries).map((q) => new Uint8Array(q.buffer));
      const vectors = rowViews(set.base).map((row) => new Uint8Array(row.buffer));
      const ms = await timed(clock, () => {
        db.exec(`CREATE VIRTUAL TABLE bench USING vec0(vector float[${dim}] distance_metric=${metric}${fields.map(([field]) => `, ${field} text`).join('')})`);
        const insert = db.prepare(`INSERT INTO bench(rowid, vector${names}) VALUES (?, ?${', ?'.repeat(fields.length)})`);
        db.exec('BEGIN');
        for (let r = 0; r < rows; r++) insert.run(BigInt(r + 1), vectors[r], ...fields.map(([, column]) => column[r]));
        db.exec('COMMIT');
      });
      if (isFiltered) {
        db.exec(`CREATE TABLE plain(id INTEGER PRIMARY KEY, vector BLOB${fields.map(([field]) => `, ${field} TEXT`).join('')})`);
        db.exec(`INSERT INTO plain(id, vector${names}) SELECT rowid, vector${names} FROM bench`);
        for (const [field] of fields) {
          db.exec(`CREATE INDEX plain_${field} ON plain(${field})`);
          filtered[field] = db.prepare(`SELECT rowid AS id FROM bench WHERE vector MATCH ? AND k = ? AND ${field} = ? ORDER BY distance`);
          filtered[`plain ${field}`] = db.prepare(`SELECT id FROM plain WHERE ${field} = ? ORDER BY vec_distance_${metric}(vector, ?) LIMIT ?`);
        }
      }
      select = db.prepare('SELECT rowid AS id FROM bench WHERE vector MATCH ? AND k = ? ORDER BY distance');
      const size = db.prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size').get();
      return { buildSeconds: ms / 1000, ownBytes: Number(size.bytes) };
    },
    settings: () => (isFiltered ? [{ label: 'metadata columns' }, { label: 'plain table', isPlain: true }] : [{ label: 'one query' }]),
    prepare() {},
    pass: (setting, count) =>
      timed(clock, () => {
        for (let q = 0; q < count; q++) ask(setting, queries[q]);
      }),
    rows: async (setting, count) => queries.slice(0, count).map((q) => ask(setting, q).map((/** @type {{ id: number }} */ hit) => Number(hit.id) - 1)),
    close() {
      select = null;
      for (const name in filtered) delete filtered[name];
      db.close();
    },
  };
}
