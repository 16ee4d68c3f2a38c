/** One cold start, timed: `node open-child.mjs <library url> <database url>`, query and expected ids on standard input. */
import { readFileSync } from 'node:fs';

const [libraryUrl, databaseUrl] = process.argv.slice(2);
const { query, ids } = JSON.parse(readFileSync(0, 'utf8'));
const vector = Float32Array.from(query);
const options = { vector, limit: 10, params: { ef: 64, refine_k: 2 } };

const t0 = performance.now();
const { connect } = await import(libraryUrl);
const t1 = performance.now();
const db = await connect(databaseUrl, { mode: 'inline' });
const t2 = performance.now();
const collection = await db.collection('bench');
const t3 = performance.now();
const hits = await collection.search(options);
const t4 = performance.now();
await collection.search(options);
const t5 = performance.now();
await db.close();

const found = hits.map((hit) => Number(hit.id) - 1);
if (String(found) !== String(ids)) throw new Error(`"hits" expected ${ids}, got ${found}`);
console.log(
  JSON.stringify({
    import: t1 - t0,
    connect: t2 - t1,
    collection: t3 - t2,
    'first search': t4 - t3,
    'second search': t5 - t4,
    'first use of the library to first answer': t4 - t0,
  }),
);
