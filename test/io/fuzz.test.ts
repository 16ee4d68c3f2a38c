/**
 * Files that are cut off, or whose bytes were changed by chance: each is read or refused with an ElanusError, soon and without taking the process along. `SEEDS` tries more of each
 * format; a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import type { Collection } from '../../src/api/collection.ts';
import type { ExportFormat, ImportFormat } from '../../src/api/io.ts';
import { isElanusError } from '../../src/util/error.ts';
import { random } from '../support/random.ts';
import { SCALARS, VECTORS, connect, io, scalarRows, vectorRows } from './support.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 60);
/** Of one file of some kilobytes, on a machine that has other work. */
const SLOW_MS = 5_000;

async function file(format: ExportFormat): Promise<Uint8Array[]> {
  const db = await connect('memory:');
  const scalars: Collection = await db.createCollection('scalars', SCALARS);
  await scalars.insert(scalarRows(random(1), 12) as never);
  const vectors: Collection = await db.createCollection('vectors', VECTORS[0]);
  await vectors.insert(vectorRows(random(1), 5, VECTORS[0]) as never);
  const files = await Promise.all((format === 'numpy' ? [] : [scalars, vectors]).map(async (collection) => (await collection.export({ format })).blob!.arrayBuffer()));
  if (format === 'numpy') files.push(await (await vectors.export({ format, outputFields: ['FloatVector'] as never })).blob!.arrayBuffer());
  await db.close();
  return files.map((buffer) => new Uint8Array(buffer));
}

/** What comes of reading all of it: the number of rows, or the code of a refusal. */
async function read(bytes: Uint8Array, format: ImportFormat): Promise<number | string> {
  try {
    const table = await io.openTable({ name: `x.${format}`, bytes }, { format });
    let rows = 0;
    for await (const batch of table.batches()) rows += batch.rows;
    return rows;
  } catch (error) {
    if (isElanusError(error)) return error.code;
    throw error;
  }
}

const CODES = new Set(['INVALID_ARGUMENT', 'NOT_SUPPORTED']);

describe.each([
  ['csv', 'csv'], ['json', 'json'], ['jsonl', 'jsonl'], ['parquet', 'parquet'], ['arrow', 'arrow'], ['arrow-file', 'arrow'], ['numpy', 'numpy'],
] as const)('%s', (written, format) => {
  it('cut off anywhere', async () => {
    for (const bytes of await file(written)) {
      expect(await read(bytes, format)).toBeTypeOf('number');
      const step = Math.max(1, Math.floor(bytes.length / SEEDS));
      for (let length = 0; length < bytes.length; length += step) {
        const began = performance.now();
        const answer = await read(bytes.slice(0, length), format);
        // Text may end anywhere that a row does; a binary file that is cut off is refused.
        if (typeof answer === 'string') expect(CODES).toContain(answer);
        else if (written !== 'arrow') expect(['csv', 'jsonl', 'json']).toContain(format);
        expect(performance.now() - began, `cut at ${length}`).toBeLessThan(SLOW_MS);
      }
    }
  }, 60_000);

  it('with bytes that were changed', async () => {
    const files = await file(written);
    for (let seed = 1; seed <= SEEDS; seed++) {
      const next = random(seed);
      const int = (bound: number): number => Math.floor(next() * bound);
      const bytes = files[seed % files.length]!.slice();
      // Most of what matters is at the ends: headers, footers.
      const near = next() < 0.5 ? bytes.length : Math.min(400, bytes.length);
      const isTail = next() < 0.5;
      for (let n = 1 + int(4); n > 0; n--) {
        const at = int(near);
        bytes[isTail ? bytes.length - 1 - at : at] = [0, 0xff, 0x80, 0x7f, int(256)][int(5)]!;
      }
      const began = performance.now();
      let answer: unknown;
      try {
        answer = await read(bytes, format);
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`, { cause: error });
      }
      if (typeof answer === 'string') expect(CODES, `seed ${seed}`).toContain(answer);
      expect(performance.now() - began, `seed ${seed}`).toBeLessThan(SLOW_MS);
    }
  }, 60_000);

  it('that are random', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const next = random(seed);
      const bytes = Uint8Array.from({ length: Math.floor(next() * 300) }, () => Math.floor(next() * 256));
      const head = { parquet: [0x50, 0x41, 0x52, 0x31], arrow: written === 'arrow' ? [0xff, 0xff, 0xff, 0xff, 40, 0, 0, 0] : [...'ARROW1'].map((char) => char.charCodeAt(0)), numpy: [0x93, ...[...'NUMPY'].map((char) => char.charCodeAt(0)), 1, 0, 64, 0] }[format as 'parquet'] ?? [];
      bytes.set(head.slice(0, bytes.length));
      const answer = await read(bytes, format);
      if (typeof answer === 'string') expect(CODES, `seed ${seed}`).toContain(answer);
    }
  });
});
