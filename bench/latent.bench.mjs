/**
 * `latent/*`: latent spaces of texts: how long they take to fit and to embed, what their bytes come to, and what is found. Packages are judged by their debtags: a query is made of
 * the words of tags (`use::viewing` and `works-with::image` are "viewer image"), and a package is right that has them. Cranfield is judged by people.
 */
import { gzipSync } from 'node:zlib';
import { hasDataset, readData, readJsonl } from './datasets.mjs';
import { cpuMs, number } from './lib/measure.mjs';

const K = 10;
const PACKAGES = 'debian-packages-text';

/** @param {Float32Array} rows @param {Float32Array} query @param {number} dim @returns {number[]} */
function nearest(rows, query, dim) {
  const scores = new Float32Array(rows.length / dim);
  for (let r = 0; r < scores.length; r++) {
    let dot = 0;
    for (let d = 0; d < dim; d++) dot += rows[r * dim + d] * query[d];
    scores[r] = dot;
  }
  const found = /** @type {number[]} */ ([]);
  for (let r = 0; r < scores.length; r++) {
    if (found.length === K && scores[r] <= scores[found[K - 1]]) continue;
    let at = found.length;
    while (at > 0 && scores[found[at - 1]] < scores[r]) at--;
    found.splice(at, 0, r);
    if (found.length > K) found.pop();
  }
  return found;
}

/** Queries of tags' words, and the packages (by number) that have them. @param {{ tags: string[] }[]} packages */
function tagQueries(packages) {
  /** @type {Map<string, Set<number>>} */
  const byTag = new Map();
  packages.forEach(({ tags }, i) => {
    for (const tag of tags) {
      if (!/^(use|works-with|game|field|protocol|hardware|sound|web|security)::/.test(tag) || tag.includes('TODO')) continue;
      byTag.set(tag, (byTag.get(tag) ?? new Set()).add(i));
    }
  });
  /** @param {string} tag */
  const words = (tag) => `${tag.startsWith('game::') ? 'game ' : ''}${tag.split('::')[1].replace(/[:-]/g, ' ').replace('viewing', 'viewer').replace('gameplaying', 'play')}`;
  const queries = [...byTag].filter(([tag, rows]) => !tag.startsWith('use::') && rows.size >= K).map(([tag, right]) => ({ text: words(tag), right }));
  for (const [use, used] of byTag) {
    if (!use.startsWith('use::')) continue;
    for (const [thing, things] of byTag) {
      const right = new Set([...things].filter((i) => used.has(i)));
      if (thing.startsWith('works-with::') && right.size >= 12) queries.push({ text: `${words(use)} ${words(thing)}`, right });
    }
  }
  return queries;
}

/** @param {boolean} quick @param {any} library */
async function packagesTable(quick, library) {
  const packages = readJsonl(`${PACKAGES}/packages.jsonl.gz`);
  const texts = packages.map(({ name, text }) => `${name} ${text}`);
  const queries = tagQueries(packages);
  const tagged = [...new Set(queries.flatMap(({ right }) => [...right]))].sort((a, b) => a - b);
  const places = new Map(tagged.map((i, place) => [i, place]));
  const taggedTexts = tagged.map((i) => texts[i]);
  const like = Array.from({ length: 40 }, (_, i) => (i * 1583) % texts.length);
  const rows = [];
  const figures = [];
  for (const [dim, maxTerms] of quick ? [[96, 8000]] : [[64, 6000], [64, 8000], [64, 12_000], [96, 6000], [96, 8000], [96, 12_000], [128, 8000]]) {
    const start = cpuMs();
    const space = await library.fitLatentSpace(texts, { dim, maxTerms });
    const fitted = cpuMs();
    const all = space.embed(texts);
    const embedMs = cpuMs() - fitted;
    const exact = like.map((i) => new Set(nearest(all, all.subarray(i * dim, (i + 1) * dim), dim)));
    for (const bits of [32, 8, 6, 5, 4]) {
      const bytes = space.toBytes({ bits });
      const copy = await library.loadLatentSpace(bytes);
      const docs = copy.embed(taggedTexts);
      let right = 0, same = 0;
      for (const query of queries) right += nearest(docs, copy.embed([query.text]), dim).filter((r) => query.right.has(tagged[r])).length;
      const copies = bits === 32 ? all : copy.embed(texts);
      like.forEach((i, q) => (same += nearest(copies, copies.subarray(i * dim, (i + 1) * dim), dim).filter((r) => exact[q].has(r)).length));
      const gzip = gzipSync(bytes, { level: 9 }).length;
      const figure = { dim, terms: space.terms, bits, bytes: bytes.length, gzip, precision: right / queries.length / K, same: same / like.length / K, fitMs: fitted - start, embedMs };
      figures.push(figure);
      rows.push([dim, space.terms, bits, number(bytes.length / 1000, 0), number(gzip / 1000, 0), number(figure.precision, 3), bits === 32 ? '' : number(figure.same, 3), bits === 32 ? number((fitted - start) / 1000, 2) : '', bits === 32 ? number(embedMs / 1000, 2) : '']);
    }
  }
  return {
    head: ['dim', 'terms', 'bits', 'kB', 'kB gzip', 'precision@10', 'neighbours kept', 'fit s', 'embed s'],
    rows, figures,
    notes: [`${queries.length} queries over ${places.size} tagged packages; neighbours kept: recall@10 of 40 packages among all ${texts.length}, against 32 bits; fit and embed: processor time for all`],
  };
}

/** What a fit to more than is embedded is good for: section and tags of every other package, judged on the rest. @param {any} library */
async function tagsTable(library) {
  const packages = readJsonl(`${PACKAGES}/packages.jsonl.gz`);
  const texts = packages.map(({ name, text }) => `${name} ${text}`);
  /** @param {{ tags: string[] }} row */
  const words = ({ tags }) => tags.filter((tag) => !/^(role|implemented-in|devel|interface|uitoolkit|suite|scope|special|culture|x11)::/.test(tag)).map((tag) => tag.split('::')[1]).join(' ');
  const withTags = packages.map((row, i) => `${texts[i]} ${row.section} ${i % 2 === 0 ? words(row) : ''}`);
  const queries = tagQueries(packages)
    .map(({ text, right }) => ({ text, right: new Set([...right].filter((i) => i % 2 === 1)) }))
    .filter(({ right }) => right.size >= K);
  const judged = [...new Set(queries.flatMap(({ right }) => [...right]))].sort((a, b) => a - b);
  const judgedTexts = judged.map((i) => texts[i]);
  const figures = [];
  for (const [dim, maxTerms] of [[96, 8000], [128, 8000], [128, 12_000]]) {
    for (const [fittedTo, list] of /** @type {[string, string[]][]} */ ([['names and texts', texts], ['section and tags, too', withTags]])) {
      const space = await library.loadLatentSpace((await library.fitLatentSpace(list, { dim, maxTerms })).toBytes({ bits: 4 }));
      const rows = space.embed(judgedTexts);
      let right = 0;
      for (const query of queries) right += nearest(rows, space.embed([query.text]), dim).filter((r) => query.right.has(judged[r])).length;
      figures.push({ dim, terms: space.terms, fittedTo, precision: right / queries.length / K });
    }
  }
  return {
    head: ['dim', 'terms', 'fitted to', 'precision@10'], rows: figures.map(({ dim, terms, fittedTo, precision }) => [dim, terms, fittedTo, number(precision, 3)]), figures,
    notes: [`4 bits; ${queries.length} queries over ${judged.length} packages whose tags no space has seen`],
  };
}

/** nDCG@10 by dimension. @param {any} library */
async function cranfieldTable(library) {
  const docs = readJsonl('cranfield/corpus.jsonl.gz');
  const texts = docs.map(({ title, text }) => `${title} ${text}`);
  /** @type {Map<string, Map<string, number>>} */
  const judged = new Map();
  for (const line of new TextDecoder().decode(readData('cranfield/qrels.tsv')).split('\n').slice(1)) {
    const [query, doc, score] = line.split('\t');
    if (doc) judged.set(query, (judged.get(query) ?? new Map()).set(doc, Number(score)));
  }
  const queries = readJsonl('cranfield/queries.jsonl').filter(({ _id }) => judged.has(_id));
  /** @param {number[]} scores */
  const gain = (scores) => scores.reduce((sum, score, i) => sum + score / Math.log2(i + 2), 0);
  const figures = [];
  for (const dim of [64, 96, 128, 192, 256]) {
    const start = cpuMs();
    const space = await library.fitLatentSpace(texts, { dim });
    const fitMs = cpuMs() - start;
    const rows = space.embed(texts);
    let total = 0;
    for (const { _id, text } of queries) {
      const scores = /** @type {Map<string, number>} */ (judged.get(_id));
      total += gain(nearest(rows, space.embed([text]), dim).map((r) => scores.get(docs[r]._id) ?? 0)) / gain([...scores.values()].sort((a, b) => b - a).slice(0, K));
    }
    figures.push({ dim, terms: space.terms, ndcg: total / queries.length, fitMs });
  }
  return { head: ['dim', 'terms', 'nDCG@10', 'fit s'], rows: figures.map(({ dim, terms, ndcg, fitMs }) => [dim, terms, number(ndcg, 3), number(fitMs / 1000, 2)]), figures };
}

/** @param {string} name */
const absent = (name) => ({ head: ['skipped'], rows: [[`${name} is not there (ELANUS_DATA)`]], figures: [] });

/** @type {import('./run.mjs').Bench[]} */
export const benches = [
  {
    name: 'latent/packages',
    about: 'Names and descriptions of Debian packages: size of the space in bytes against what is found, by dimensions, terms and bits.',
    run: async ({ quick, library }) => (hasDataset(PACKAGES) ? packagesTable(quick, library) : absent(PACKAGES)),
  },
  {
    name: 'latent/tags',
    about: 'The same judged on every other package, fitted with and without section and tags of the rest.',
    run: async ({ library }) => (hasDataset(PACKAGES) ? tagsTable(library) : absent(PACKAGES)),
  },
  {
    name: 'latent/cranfield',
    about: 'Cranfield, titles and texts: nDCG@10 of the cosine alone; LSA 128 that comes with the data is at 0.519, BM25 at 0.520.',
    run: async ({ library }) => (hasDataset('cranfield') ? cranfieldTable(library) : absent('cranfield')),
  },
];
