/** The sample that travels with the repository: small, whole, and read the same way everywhere. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CLASSES, IMAGE_DIM, ROWS, TEXT_DIM } from '../../web-demo/sample/collections.mjs';
import { cosineAt, exactCosine, exactL2, l2At, recallL2 } from '../../web-demo/sample/exact.mjs';
import { fileReader } from '../../web-demo/sample/files.mjs';
import { openSource } from '../../web-demo/sample/source.mjs';
import type { TextBlock } from '../../web-demo/sample/source.mjs';
import { readMuseumDate } from '../../scripts/sample/museum-date.mjs';
import { PACKAGES, readPackages, textsOf } from '../../web-demo/sample/packages.mjs';
import { loadLatentSpace } from '../../src/node.ts';
import { readPapers } from './papers.ts';

const folder = new URL('../../web-demo/public/sample/', import.meta.url);
const MIB = 1024 * 1024;
/** Of 1 MB, what the page's own code leaves and some room. */
const FIRST_SLICE = 400_000;
/** The packages show no pictures and draw nothing, so their code leaves more. */
const FIRST_SLICE_WITH_SPACE = 550_000;

describe('the files', () => {
  it('take less than 12 MiB and name their origin and licence', async () => {
    let bytes = 0;
    for (const name of await readdir(folder)) bytes += (await stat(new URL(name, folder))).size;
    expect(bytes).toBeLessThan(12 * MIB);
    const notice = await readFile(new URL('NOTICE.md', folder), 'utf8');
    for (const word of ['Zalando SE', 'Fashion-MNIST', 'arXiv', 'CC0', 'mememo', 'MIT', 'Metropolitan Museum', 'latent-atlas', 'Debian']) expect(notice).toContain(word);
  });

  it('hold the rows that the collections expect', async () => {
    const { description } = await openSource(fileReader);
    expect(description.images.rows).toBe(ROWS.images);
    expect(description.images.dim).toBe(IMAGE_DIM);
    expect(description.images.classes).toEqual(CLASSES);
    expect(description.images.unseen.rows).toBe(ROWS.unseen);
    expect(description.images.blocks.reduce((rows, block) => rows + block.rows, 0)).toBe(ROWS.images);
    expect(description.papers.rows).toBe(ROWS.papers);
    expect(description.papers.dim).toBe(TEXT_DIM);
    expect(description.packages).toMatchObject({ rows: PACKAGES.rows, dim: PACKAGES.dim });
    for (const { rows, blocks } of [description.images, description.papers, description.art, description.packages]) {
      expect(blocks.reduce((sum, block) => sum + block.rows, 0)).toBe(rows);
    }
  });

  it('begin with a first slice that is small', async () => {
    const { description } = await openSource(fileReader);
    const bytes = ({ texts, vectors }: TextBlock) => texts.packedBytes + vectors.packedBytes;
    expect(description.images.blocks[0].packedBytes).toBeLessThan(FIRST_SLICE);
    expect(bytes(description.papers.blocks[0])).toBeLessThan(FIRST_SLICE);
    expect(description.packages.space.packedBytes + description.packages.blocks[0].packedBytes).toBeLessThan(FIRST_SLICE_WITH_SPACE);
    expect(bytes(description.art.blocks[0]) + description.art.ranges.packedBytes).toBeLessThan(FIRST_SLICE);
  });
});

describe('reading', () => {
  it('gives pictures with labels, block after block', async () => {
    const source = await openSource(fileReader);
    const perClass = new Array<number>(10).fill(0);
    let next = 0;
    for (const index of source.description.images.blocks.keys()) {
      const { firstId, rows, labels, pixels } = await source.imageBlock(index);
      expect(firstId).toBe(next);
      expect(labels.length).toBe(rows);
      expect(pixels.length).toBe(rows * IMAGE_DIM);
      for (const label of labels) perClass[label]++;
      next += rows;
    }
    expect(next).toBe(ROWS.images);
    expect(Math.min(...perClass)).toBeGreaterThan(900);
  });

  it('gives vectors of papers, of unit length and in four decimals, and their texts', async () => {
    const { texts, vectors } = await readPapers(await openSource(fileReader));
    expect(vectors.length).toBe(ROWS.papers * TEXT_DIM);
    for (let row = 0; row < ROWS.papers; row++) {
      const vector = vectors.subarray(row * TEXT_DIM, (row + 1) * TEXT_DIM);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 3);
    }
    expect(vectors[1]).toBe(Math.fround(Math.round(vectors[1] * 10_000) / 10_000));
    expect(texts.length).toBe(ROWS.papers);
    expect(texts[0].title).toBe('Using Unity to Help Solve Intelligence');
    expect(texts.every(({ title, text }) => title.length > 0 && Buffer.byteLength(title) <= 512 && Buffer.byteLength(text) <= 8192)).toBe(true);
  });

  it('gives artworks with vectors, the years of their dates, and texts that their fields take', async () => {
    const source = await openSource(fileReader);
    const { rows: total, dim, blocks } = source.description.art;
    const ids = new Set<number>();
    let dated = 0;
    for (const index of blocks.keys()) {
      const { columns, vectors } = await source.artBlock(index);
      const { rows } = blocks[index];
      expect(vectors.length).toBe(rows * dim);
      for (const column of Object.values(columns)) expect(column).toHaveLength(rows);
      for (let row = 0; row < rows; row++) {
        // Unit vectors, but for what the codes leave out.
        expect(Math.abs(Math.hypot(...vectors.subarray(row * dim, (row + 1) * dim)) - 1)).toBeLessThan(0.02);
        const span = readMuseumDate(columns.date[row] ?? '');
        expect([columns.year_from[row], columns.year_to[row]]).toEqual([span?.from ?? null, span?.to ?? null]);
        if (span !== null) dated++;
      }
      for (const [name, most] of Object.entries({ title: 512, artist: 128, date: 256, medium: 512, culture: 128, classification: 64, department: 64 })) {
        const texts = columns[name as 'title'];
        expect(Math.max(...texts.map((text) => Buffer.byteLength(text ?? '')))).toBeLessThanOrEqual(most);
        expect(texts).not.toContain('');
      }
      expect(Math.max(...columns.tags.map((tags) => tags.length))).toBeLessThanOrEqual(16);
      for (const id of columns.id) ids.add(id);
    }
    expect(ids.size).toBe(total);
    expect(dated / total).toBeGreaterThan(0.95);
  });

  it('gives packages, and a latent space in which what is typed finds them', async () => {
    const source = await openSource(fileReader);
    const { blocks, space } = source.description.packages;
    const latent = await loadLatentSpace(await source.packageSpace());
    expect(space.id).toBe(PACKAGES.space);
    expect(latent.id).toBe(PACKAGES.space);
    expect(latent.dim).toBe(PACKAGES.dim);
    const names: string[] = [];
    const texts: string[] = [];
    const sectionsOfFirst = new Set<string>();
    const sections = new Set<string>();
    for (const index of blocks.keys()) {
      const { firstId, bytes } = await source.packageBytes(index);
      const columns = readPackages(bytes, firstId);
      expect(columns.id[0]).toBe(names.length);
      for (const column of Object.values(columns)) expect(column).toHaveLength(blocks[index].rows);
      for (const [name, most] of Object.entries({ name: 96, text: 384, section: 32, priority: 16, arch: 16 })) {
        expect(Math.max(...columns[name as 'name'].map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(most);
      }
      expect(columns.tags.every((tags) => tags.length <= 64 && tags.every((tag) => Buffer.byteLength(tag) <= 48))).toBe(true);
      expect(Math.max(...columns.size, ...columns.installed_kb)).toBeLessThan(2 ** 31);
      expect(Math.max(...columns.n_depends)).toBeLessThan(2 ** 15);
      for (const section of columns.section) {
        sections.add(section);
        if (index === 0) sectionsOfFirst.add(section);
      }
      names.push(...columns.name);
      texts.push(...textsOf(columns));
    }
    expect(names).toHaveLength(PACKAGES.rows);
    expect(new Set(names).size).toBe(PACKAGES.rows);
    expect(sectionsOfFirst).toEqual(sections);
    const vectors = latent.embed(texts);
    const found = (query: string, most = 10) => exactCosine(vectors, PACKAGES.rows, PACKAGES.dim, latent.embed([query]), most).rows.map((row) => names[row]);
    expect(found('play chess')).toContain('phalanx');
    // Words that the description has not: "manage digital photos".
    expect(found('edit photos')).toContain('shotwell');
    expect(found('learn to type')).toContain('tuxtype');
    expect(found('recover deleted files')).toContain('extundelete');
    expect(found('find duplicate files')).toContain('rdfind');
    expect(latent.knows('zzqx')).toBe(0);
  });

  it('accepts files that the server has unpacked on the way', async () => {
    const unpacked = await openSource(async (name) => {
      const bytes = await fileReader(name);
      return name.endsWith('.gz') ? new Uint8Array(gunzipSync(bytes)) : bytes;
    });
    const packed = await openSource(fileReader);
    expect((await unpacked.unseenImages()).pixels).toEqual((await packed.unseenImages()).pixels);
  });

  it('refuses a page where data was expected, a damaged file, and a cut one', async () => {
    const page = new TextEncoder().encode('<!doctype html><title>Not here</title>');
    await expect(openSource(async () => page)).rejects.toThrow('sample.json is not JSON');

    const withUnseen = async (change: (bytes: Uint8Array) => Uint8Array) =>
      (await openSource(async (name) => (name === 'unseen.gz' ? change(await fileReader(name)) : fileReader(name)))).unseenImages();
    await expect(withUnseen(() => page)).rejects.toThrow('expected 235500 bytes, got 38');
    await expect(withUnseen((bytes) => bytes.subarray(0, 5000))).rejects.toThrow('"unseen.gz" is damaged');
    await expect(withUnseen((bytes) => bytes.with(70_000, bytes[70_000] ^ 0x40))).rejects.toThrow('"unseen.gz" is damaged');
  });
});

describe('exact search, the judge of recall', () => {
  const dim = 7;
  const rows = 60;
  // Small whole numbers, so that there are ties.
  const base = Uint8Array.from({ length: rows * dim }, (_, i) => (i * 37 + ((i * i) >> 3)) % 4);
  const query = Float32Array.from({ length: dim }, (_, i) => (i * 3) % 4);

  it('finds what sorting all distances finds, ties in row order', () => {
    const all = Array.from({ length: rows }, (_, row) => ({ row, score: l2At(base, row, dim, query) })).sort((a, b) => a.score - b.score || a.row - b.row);
    for (const k of [1, 5, 60, 100]) {
      const exact = exactL2(base, rows, dim, query, k);
      expect(exact.rows).toEqual(all.slice(0, k).map(({ row }) => row));
      expect(exact.scores).toEqual(all.slice(0, k).map(({ score }) => score));
    }
    const cosines = Array.from({ length: rows }, (_, row) => cosineAt(base, row, dim, query)).sort((a, b) => b - a);
    expect(exactCosine(base, rows, dim, query, 9).scores).toEqual(cosines.slice(0, 9));
  });

  it('counts ties at the border as found, and nothing twice', () => {
    const exact = exactL2(base, rows, dim, query, 5);
    const border = exact.scores[4];
    const tie = Array.from({ length: rows }, (_, row) => row).find((row) => !exact.rows.includes(row) && l2At(base, row, dim, query) === border);
    expect(tie).toBeDefined();
    expect(recallL2([...exact.rows.slice(0, 4), tie!], exact, base, dim, query)).toBe(1);
    expect(recallL2(exact.rows.slice(0, 4), exact, base, dim, query)).toBe(0.8);
    expect(recallL2(new Array<number>(5).fill(exact.rows[0]), exact, base, dim, query)).toBe(0.2);
  });
});
