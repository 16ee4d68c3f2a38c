import { readFvecs, readI8, exactNeighbours, syntheticVectors } from './datasets.mjs';
import { graphIndexes } from './lib/kernel.mjs';
const sets = {};
{ const { values, rows, dim } = readI8('debian-packages-text/lsa96.i8', 96); sets.lsa96 = { values: Float32Array.from(values), rows, dim }; }
try { sets.clip512 = readFvecs('met-clip-512/vectors.fvecs'); } catch (e) { console.log(e.message); }
try { sets.gte384 = readFvecs('arxiv-ml-gte-384/vectors.fvecs'); } catch (e) { console.log(e.message); }
{ const s = syntheticVectors({ rows: 30000, queries: 1, dim: 32, latent: 32, seed: 3 }); sets.syn32 = s.base; }
{ const s = syntheticVectors({ rows: 30000, queries: 1, dim: 64, latent: 60, clusters: 1, seed: 3 }); sets.gauss64 = s.base; }
for (const [name, all] of Object.entries(sets)) for (const metric of ['L2', 'COSINE', 'IP']) {
  const { dim } = all; const nq = Math.min(300, Math.floor(all.rows / 10));
  // last rows are queries
  let vals = all.values.slice();
  const baseRows = all.rows - nq;
  const base = vals.slice(0, baseRows * dim), queries = vals.slice(baseRows * dim);
  const exact = []; 
  const { indexes } = await graphIndexes(base, dim, { metric, graph: { M: 16, efConstruction: 200 }, seed: 7, indexes: [['SQ8'], ['SQ4U']].map(([t]) => ({ type: 'HNSW_SQ', build: { sq_type: t, refine: true } })) });
  const ex = (q) => { const d = []; const qa = queries.subarray(q * dim, q * dim + dim); let qn = 0; for (const x of qa) qn += x*x; for (let r = 0; r < baseRows; r++) { let s = 0, n = 0; for (let i = 0; i < dim; i++) { const x = base[r*dim+i]; if (metric === 'L2') s += (x - qa[i]) ** 2; else { s -= x * qa[i]; n += x*x; } } d.push([metric === 'COSINE' ? s / Math.sqrt(n * qn || 1) : s, r]); } d.sort((a, b) => a[0] - b[0]); return d[9][0]; };
  const Q = Math.min(nq, 100);
  const limits = Array.from({ length: Q }, (_, q) => ex(q));
  const score = (q, r) => { let s = 0, n = 0, qn = 0; for (let i = 0; i < dim; i++) { const x = base[r*dim+i], y = queries[q*dim+i]; qn += y*y; if (metric === 'L2') s += (x-y)**2; else { s -= x*y; n += x*x; } } return metric === 'COSINE' ? s / Math.sqrt(n * qn || 1) : s; };
  const out = [];
  for (const [ef, rk] of [[24, 2], [64, 2], [64, 3]]) for (const [i, t] of ['SQ8', 'SQ4U'].entries()) {
    const plan = indexes[i].plan({ ef, refine_k: rk }, 10);
    let good = 0;
    for (let q = 0; q < Q; q++) { const n = indexes[i].search(queries.slice(q*dim, (q+1)*dim), plan); for (const r of indexes[i].rows(n)) if (score(q, r) <= limits[q] + Math.abs(limits[q]) * 1e-6) good++; }
    out.push(`${t} ef ${ef} rk ${rk}: ${(good / Q / 10).toFixed(3)}`);
  }
  console.log(name, dim, metric, out.join(' | '));
}
