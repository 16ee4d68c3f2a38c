/**
 * Makes the sample that travels with the repository, `web-demo/public/sample/`, from the full data sets:
 *
 *     ELANUS_DATA=../shared/data node scripts/make-sample.mjs
 *
 * The outputs are committed, so nobody has to run this to use the project. It needs these folders under ELANUS_DATA:
 * - `fashion-mnist/` with the four published idx files (gzip);
 * - `arxiv-ml-gte-384/` with `vectors.fvecs` and `docs.jsonl.gz` ({ title, text } per line);
 * - `met-clip-512/` with `vectors.fvecs` and `meta.jsonl.gz`;
 * - `debian-packages-text/` with `packages.jsonl.gz`. Its latent space is fitted by the built package: `npm run build` first.
 *
 * Every set is a file of `scripts/sample/`, which tells the layout of what it writes. All files are gzip; rows come in
 * blocks, the first one small, so that a page can be used when it is there. `sample.json` names the files, and
 * `web-demo/sample/source.mjs` reads them.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeArt } from './sample/art.mjs';
import { makeImages } from './sample/images.mjs';
import { makePackages } from './sample/packages.mjs';
import { makePapers } from './sample/papers.mjs';
import { Parts } from './sample/parts.mjs';

const BUDGET = 12 * 1024 * 1024;

const root = fileURLToPath(new URL('..', import.meta.url));
const data = process.env.ELANUS_DATA ?? join(root, '../shared/data');
const out = join(root, 'web-demo/public/sample');

mkdirSync(out, { recursive: true });
for (const name of readdirSync(out)) if (name.endsWith('.gz') || name === 'sample.json') rmSync(join(out, name));

const parts = new Parts(out);
const description = {
  version: 2,
  images: makeImages(data, parts),
  papers: makePapers(data, parts),
  art: makeArt(data, parts),
  packages: await makePackages(data, parts),
};
writeFileSync(join(out, 'sample.json'), `${JSON.stringify(description, null, 2)}\n`);
console.log(`${(parts.total / 1024 / 1024).toFixed(2)} MB in all`);
if (parts.total > BUDGET) throw new Error(`the sample must stay under ${BUDGET} bytes`);
