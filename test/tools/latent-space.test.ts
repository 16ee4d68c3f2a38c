/** Latent spaces against a plain computation in double precision, and what is refused. */
import { describe, expect, it } from 'vitest';
import { defineSchema } from '../../src/schema/define.ts';
import { instantiateKernels, type Kernels } from '../../src/kernels/kernels.ts';
import type { KernelVariant } from '../../src/kernels/load.ts';
import { nodePlatform } from '../../src/platform/node.ts';
import { makeTools } from '../../src/tools.ts';
import { fitLatent, restoreLatent } from '../../src/tools/latent-space.ts';
import { crc32c } from '../../src/util/crc32c.ts';
import { mulberry32 } from '../../src/util/random.ts';
import { connectInNode } from '../support/connect-for-tests.ts';
import { rightSingular } from '../support/jacobi.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { codeOf, codeOfAsync, codeOrNone, withHole } from '../support/refusals.ts';
import { SEED, hashOf } from '../support/vectors.ts';

/** Texts about a few subjects, each with words of its own and common ones; no word ends like an inflected one. */
function corpus(count: number, seed: number): string[] {
  const next = mulberry32(SEED + seed);
  const word = (subject: number, i: number): string => `${'bdfgk'[subject]}${'aou'[i % 3]}${'lmnrt'[Math.floor(i / 3) % 5]}${'aou'[Math.floor(i / 15) % 3]}x`;
  return Array.from({ length: count }, () => {
    const subject = next() % 5;
    return Array.from({ length: 3 + (next() % 12) }, () => (next() % 4 === 0 ? `common${'abc'[next() % 3]}k` : word(subject, (next() % 6) * (next() % 4)))).join(' ');
  });
}

const tools = makeTools(() => nodePlatform(new URL('./none.js', import.meta.url)).loadKernels({}));
const hashes = new Map<string, string>();

describe.each<KernelVariant>(testVariants())(`a latent space by the %s kernels (seed ${SEED})`, (variant) => {
  const maker = async (): Promise<() => Kernels> => {
    const module = await testKernels(variant);
    return () => instantiateKernels(module);
  };

  it('embeds as double precision does', async () => {
    const own = await maker();
    const texts = corpus(300, 1);
    const dim = 5;
    const space = await fitLatent(own(), own, texts, { dim });
    // The same by definition: words are parted by spaces here and are their own terms.
    const bags = texts.map((text) => {
      const counts = new Map<string, number>();
      for (const word of text.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
      return counts;
    });
    const words = [...new Set(bags.flatMap((bag) => [...bag.keys()]))].sort();
    expect(space.terms).toBe(words.length);
    const idf = words.map((word) => Math.log((1 + texts.length) / (1 + bags.filter((bag) => bag.has(word)).length)) + 1);
    const rows = bags.map((bag) => {
      const row = words.map((word, i) => (bag.has(word) ? (1 + Math.log(bag.get(word)!)) * idf[i]! : 0));
      const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
      return row.map((x) => x / length);
    });
    const { vectors } = rightSingular(Float64Array.from(rows.flat()), rows.length, words.length);
    const unit = words.map((_, j) => {
      const row = Array.from({ length: dim }, (_, c) => vectors[c * words.length + j]!);
      const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
      return row.map((x) => x / length);
    });
    const found = space.embed(texts);
    const expected = bags.map((bag) => {
      const sum = new Float64Array(dim);
      for (const [word, count] of bag) {
        const j = words.indexOf(word);
        for (let c = 0; c < dim; c++) sum[c]! += (1 + Math.log(count)) * idf[j]! * unit[j]![c]!;
      }
      const length = Math.sqrt(sum.reduce((total, x) => total + x * x, 0));
      return sum.map((x) => x / length);
    });
    for (let c = 0; c < dim; c++) {
      // A direction has no sign of its own.
      const sign = Math.sign(expected.reduce((sum, row, r) => sum + row[c]! * found[r * dim + c]!, 0));
      for (let r = 0; r < texts.length; r++) expect(Math.abs(found[r * dim + c]! - sign * expected[r]![c]!), `text ${r}, direction ${c}`).toBeLessThan(1e-3);
    }
    const hash = hashOf(space.toBytes({ bits: 32 })) + hashOf(new Uint8Array(found.buffer)) + space.id;
    expect(hashes.get('embed') ?? hash, 'equal bits in all builds').toBe(hash);
    hashes.set('embed', hash);
  });

  it('finds the subject of a text by words that the text does not have', async () => {
    const own = await maker();
    const texts = ['a cat and a dog', 'dog with puppy', 'puppy and kitten', 'kitten of a cat', 'car with engine', 'engine and wheel', 'wheel of a truck', 'truck or car'];
    const space = await fitLatent(own(), own, texts, { dim: 2 });
    const [cat, puppy, truck] = [0, 2, 4].map((at) => space.embed(['cat', 'puppies', 'trucks']).subarray(at, at + 2));
    const cosine = (a: Float32Array, b: Float32Array): number => a[0]! * b[0]! + a[1]! * b[1]!;
    expect(cosine(cat!, puppy!)).toBeGreaterThan(0.9);
    expect(Math.abs(cosine(cat!, truck!))).toBeLessThan(0.3);
    expect(space.neighbourTerms('cats', 3).map(({ term }) => term).sort()).toEqual(['dog', 'kitten', 'puppy']);
  });

  it('has vectors of unit length, zero for what it does not know, whatever the order and number of texts', async () => {
    const own = await maker();
    const texts = corpus(700, 2);
    const space = await fitLatent(own(), own, texts, { dim: 6 });
    const more = [...texts, '', 'zzz unheard', texts[0]!.split(' ').reverse().join('  '), texts.join(' ')];
    const all = space.embed(more);
    expect(await space.embedder(more)).toEqual(all);
    for (const [r, text] of more.entries()) {
      const row = all.subarray(r * 6, (r + 1) * 6);
      const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
      if (text === '' || text === 'zzz unheard') expect([...row]).toEqual([0, 0, 0, 0, 0, 0]);
      else expect(length).toBeCloseTo(1, 5);
      if (r % 50 === 0 || r >= 700) expect(space.embed([text]), text.slice(0, 40)).toEqual(row);
    }
    expect(all.subarray(702 * 6, 703 * 6)).toEqual(all.subarray(0, 6));
    expect(space.embed([])).toEqual(new Float32Array(0));
    expect([space.knows(''), space.knows('the of'), space.knows('zzz unheard'), space.knows(texts[0]!), space.knows(`the zzz ${texts[0]!.split(' ')[0]}`)]).toEqual([0, 0, 0, 1, 0.5]);
  });
});

describe('a latent space', () => {
  it('keeps the terms of most texts', async () => {
    const texts = ['alpha beta gamma', 'alpha beta', 'alpha betas', 'delta'];
    expect((await tools.fitLatentSpace(texts, { dim: 2 })).terms).toBe(4);
    const two = await tools.fitLatentSpace(texts, { dim: 2, maxTerms: 2 });
    expect([two.terms, two.knows('alpha'), two.knows('betas'), two.knows('gamma'), two.documents]).toEqual([2, 1, 1, 0, 4]);
    expect((await tools.fitLatentSpace(texts, { dim: 2, minDocuments: 2 })).terms).toBe(2);
    expect(two.id).toMatch(/^latent-2-[0-9a-f]{8}$/);
  });

  it('refuses what is no text, option or number', async () => {
    const { fitLatentSpace } = tools;
    for (const texts of [null, 'text', ['a', 1], withHole(['a', 'b', 'c'], 1), [null]]) expect(await codeOfAsync(fitLatentSpace(texts as never, { dim: 2 }))).toBe('INVALID_ARGUMENT');
    for (const texts of [[], [''], ['the of', '...']]) expect(await codeOfAsync(fitLatentSpace(texts, { dim: 2 }))).toBe('INVALID_ARGUMENT');
    for (const options of [undefined, null, {}, { dim: 1 }, { dim: 1025 }, { dim: 2.5 }, { dim: 2, maxTerms: 0 }, { dim: 2, maxTerms: 200_001 }, { dim: 2, minDocuments: 0 }, { dim: 2, minDocuments: 3 }, { dim: 2, other: 1 }, { dim: 2, signal: 5 }, { dim: 2, signal: {} }, { dim: 2, onProgress: 5 }]) {
      expect(await codeOfAsync(fitLatentSpace(['alpha beta'], options as never)), JSON.stringify(options)).toBe('INVALID_ARGUMENT');
    }
    const space = await fitLatentSpace(['alpha beta', 'beta gamma'], { dim: 2 });
    for (const texts of [undefined, 'alpha', [1], withHole(['a'], 0)]) {
      expect(codeOf(() => space.embed(texts as never))).toBe('INVALID_ARGUMENT');
      expect(await codeOfAsync(space.embedder(texts as never))).toBe('INVALID_ARGUMENT');
    }
    expect(await codeOfAsync(space.embedder(['alpha'], { signal: {} as never }))).toBe('INVALID_ARGUMENT');
    for (const options of [null, 8, { bits: 3 }, { bits: '8' }, { bit: 8 }]) expect(codeOf(() => space.toBytes(options as never))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => space.knows(1 as never))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => space.neighbourTerms('alpha', 0))).toBe('INVALID_ARGUMENT');
    expect(space.neighbourTerms('unheard', 3)).toEqual([]);
  });

  it('gives way, tells progress and ends when the signal fires', async () => {
    const texts = Array.from({ length: 40 }, (_, i) => corpus(200, i)).flat();
    const seen: { phase: string; share: number }[] = [];
    let others = 0;
    const timer = setInterval(() => others++, 1);
    const space = await tools.fitLatentSpace(texts, { dim: 40, onProgress: ({ phase, done, total }) => seen.push({ phase, share: done / total }) });
    clearInterval(timer);
    expect(others).toBeGreaterThan(2);
    for (const [i, { phase, share }] of seen.entries()) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
      if (i > 0 && seen[i - 1]!.phase === phase) expect(share).toBeGreaterThanOrEqual(seen[i - 1]!.share);
    }
    expect(new Set(seen.map(({ phase }) => phase))).toContain('finding directions');
    const stop = new AbortController();
    expect(await codeOfAsync(tools.fitLatentSpace(texts, { dim: 40, signal: stop.signal, onProgress: () => stop.abort() }))).toBe('ABORTED');
    expect(await codeOfAsync(tools.fitLatentSpace(texts, { dim: 40, signal: stop.signal }))).toBe('ABORTED');
    expect(await codeOfAsync(space.embedder(texts, { signal: stop.signal }))).toBe('ABORTED');
    const later = new AbortController();
    // One text of many pieces is given up in between, too.
    const long = space.embedder([texts.join(' ').repeat(40)], { signal: later.signal });
    setTimeout(() => later.abort(), 1);
    expect(await codeOfAsync(long)).toBe('ABORTED');
  });
});

it('a latent space is the embedder of a collection', async () => {
  const texts = ['a cat and a dog', 'dog with puppy', 'puppy and kitten', 'kitten of a cat', 'car with engine', 'engine and wheel', 'wheel of a truck', 'truck or car'];
  const space = await tools.fitLatentSpace(texts, { dim: 2 });
  const db = await connectInNode('memory:', { mode: 'inline', embedders: { [space.id]: space.embedder } });
  const collection = await db.createCollection('texts', defineSchema({ fields: {
    id: { type: 'Int64', primaryKey: true },
    text: { type: 'VarChar', maxLength: 100 },
    vector: { type: 'FloatVector', dim: space.dim, embedder: { id: space.id, input: 'text' }, index: { type: 'FLAT', metric: 'COSINE' } },
  } }));
  await collection.insert(texts.map((text, id) => ({ id, text })));
  const hits = await collection.search({ text: 'puppies', limit: 4 });
  expect(hits.map(({ id }) => Number(id)).sort()).toEqual([0, 1, 2, 3]);
  await db.close();
});

describe(`the bytes of a latent space (seed ${SEED})`, () => {
  const texts = [...corpus(300, 7), 'naïve 検索 слова 𠀀𠀁', 'python3 python', 'ab abc abcd abcde'];

  it('are those of docs/format/latent-space.md, on every machine and for good', async () => {
    const expected = '454c415401000000020000000400000008000000040000008b72cd3d1200000000000000060504036170706c6573677265656e70656172726564fb3b223c223c6f3c7f617fab7fab227fd6048527';
    const space = await tools.fitLatentSpace(['red apple', 'green apples', 'a pear, apples', 'green pears'], { dim: 2 });
    expect(Buffer.from(space.toBytes()).toString('hex')).toBe(expected);
    const read = await tools.loadLatentSpace(Uint8Array.from(Buffer.from(expected, 'hex')));
    expect(read.id).toBe('latent-2-3dcd728b');
    // Of "pears" (127, -85), of "apple" (127, 97).
    const vectors = read.embed(['pears', 'apple']);
    [[127, -85], [127, 97]].forEach(([x, y], i) => {
      expect(vectors[2 * i]).toBeCloseTo(x! / Math.hypot(x!, y!), 5);
      expect(vectors[2 * i + 1]).toBeCloseTo(y! / Math.hypot(x!, y!), 5);
    });
  });

  it.each([4, 5, 6, 7, 8, 16, 32] as const)('in %i bits give the space again', async (bits) => {
    const space = await tools.fitLatentSpace(texts, { dim: 7 });
    const bytes = space.toBytes({ bits });
    const again = await tools.loadLatentSpace(bytes);
    expect([again.id, again.dim, again.terms, again.documents]).toEqual([space.id, space.dim, space.terms, space.documents]);
    const before = space.embed(texts), after = again.embed(texts);
    if (bits === 32) expect(after).toEqual(before);
    // An element is off by half a step of at most the largest one, and a text's vector by no more in the mean.
    const error = Math.sqrt(before.reduce((sum, x, i) => sum + (x - after[i]!) ** 2, 0) / texts.length);
    expect(error).toBeLessThan(1.1 / 2 ** (bits - 1));
    expect(again.knows('naïve 検索 слова 𠀀𠀁 python3')).toBe(1);
    if (bits === 8) expect(space.toBytes()).toEqual(bytes);
    // At an odd place in a buffer, too.
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect((await tools.loadLatentSpace(shifted.subarray(1))).embed(texts)).toEqual(after);
  });

  it('are refused with a byte changed or left out', async () => {
    const bytes = (await tools.fitLatentSpace(texts, { dim: 3, maxTerms: 30 })).toBytes();
    const module = await testKernels();
    const own = (): Kernels => instantiateKernels(module);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << (at % 8);
      expect(['CORRUPT', 'FORMAT_UNSUPPORTED']).toContain(codeOf(() => restoreLatent(own, damaged)));
      expect(codeOf(() => restoreLatent(own, bytes.subarray(0, at)))).toBe('CORRUPT');
    }
    expect(codeOf(() => restoreLatent(own, Uint8Array.of(...bytes, 0)))).toBe('CORRUPT');
    for (const other of [null, 'ELAT', [1, 2], new ArrayBuffer(64)]) expect(codeOf(() => restoreLatent(own, other))).toBe('INVALID_ARGUMENT');
    const later = bytes.slice();
    later[4] = 2;
    expect(codeOf(() => restoreLatent(own, later))).toBe('FORMAT_UNSUPPORTED');
  });

  it('with a right checksum over wrong content are refused or make a space that works', async () => {
    const module = await testKernels();
    const own = (): Kernels => instantiateKernels(module);
    const next = mulberry32(SEED);
    const outcomes = new Map<string, number>();
    for (const bits of [8, 16, 32] as const) {
      const bytes = (await tools.fitLatentSpace(texts, { dim: 3, maxTerms: 40 })).toBytes({ bits });
      const sealed = (change: (copy: Uint8Array, view: DataView) => void): Uint8Array => {
        const copy = bytes.slice();
        const view = new DataView(copy.buffer);
        change(copy, view);
        view.setUint32(copy.length - 4, crc32c(copy, 0, copy.length - 4), true);
        return copy;
      };
      for (let i = 0; i < 400 * Number(process.env['SEEDS'] ?? 1); i++) {
        const damaged = sealed((copy) => {
          // The header and the words more than the elements, of which every one is a number.
          for (let n = 1 + (next() % 3); n > 0; n--) copy[4 + (next() % (n === 1 ? 150 : copy.length - 8))] = next();
        });
        const code = await codeOrNone(Promise.resolve().then(() => {
          const space = restoreLatent(own, damaged);
          expect(space.embed(texts).every(Number.isFinite)).toBe(true);
        }));
        outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
      }
      // Lengths that would ask for gigabytes.
      for (const [at, value] of [[8, 0xffff_ffff], [12, 0xffff_ffff], [12, 200_000], [28, 0xffff_ffff]] as const) {
        expect(codeOf(() => restoreLatent(own, sealed((_, view) => view.setUint32(at, value, true))))).toBe('CORRUPT');
      }
      if (bits === 32) {
        for (const value of [NaN, Infinity]) expect(codeOf(() => restoreLatent(own, sealed((copy, view) => view.setFloat32(copy.length - 8, value, true))))).toBe('CORRUPT');
      }
    }
    expect([...outcomes.keys()].filter((code) => !['none', 'CORRUPT', 'FORMAT_UNSUPPORTED'].includes(code))).toEqual([]);
    expect(outcomes.get('CORRUPT')).toBeGreaterThan(100);
  });
});
