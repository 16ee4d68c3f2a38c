/**
 * `kill -9` at a random moment during inserts, upserts, deletes, flushes, compactions and index builds, in several partitions, again and again on the same database:
 * under strict durability every acknowledged write is there afterwards, and every batch is there whole or not at all.
 * `KILLS` runs more rounds; a failure names the round's seed.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkDatabase } from '../../src/check/check.ts';
import { openFsStore } from '../../src/storage/fs.ts';
import { testKernels } from '../support/kernels.ts';
import { random } from '../support/random.ts';

const KILLS = Number(process.env.KILLS ?? 8);
const writer = fileURLToPath(new URL('./writer.mjs', import.meta.url));
const entry = new URL('../../dist/node.js', import.meta.url).href;

interface Told {
  /** Batches acknowledged, and the one that was under way. */
  readonly acknowledged: Set<number>;
  readonly tried: Set<number>;
  readonly deleted: Set<number>;
  readonly triedDelete: Set<number>;
  readonly upserted: Set<number>;
  readonly triedUpsert: Set<number>;
  readonly errors: string[];
}

async function runAndKill(folder: string, firstBatch: number, delayMs: number, told: Told): Promise<void> {
  const child = spawn(process.execPath, [writer, folder, String(firstBatch)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = new Promise<void>((resolve) => void child.on('close', () => resolve()));
  const opened = Date.now();
  while (!text.includes('open\n') && child.exitCode === null && Date.now() - opened < 20_000) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  expect(child.exitCode, `the writer ended by itself: ${stderr}`).toBeNull();
  child.kill('SIGKILL');
  await exited;
  for (const line of text.split('\n').slice(0, -1)) {
    const [word, value] = line.split(' ');
    if (word === 'ack') told.acknowledged.add(Number(value));
    else if (word === 'try') told.tried.add(Number(value));
    else if (word === 'ackdelete') told.deleted.add(Number(value));
    else if (word === 'trydelete') told.triedDelete.add(Number(value));
    else if (word === 'ackupsert') told.upserted.add(Number(value));
    else if (word === 'tryupsert') told.triedUpsert.add(Number(value));
    else if (word === 'error') told.errors.push(line.slice(0, 700));
  }
}

/** What a kill leaves may have garbage and a torn end, and nothing that is damaged. */
async function expectWhole(folder: string, about: string): Promise<void> {
  const store = await openFsStore(folder, { readOnly: true });
  try {
    const { findings } = await checkDatabase(store, await testKernels('simd'));
    expect(findings.filter(({ severity }) => severity === 'damage'), about).toEqual([]);
  } finally {
    await store.close();
  }
}

describe('a process killed while it writes', () => {
  it('loses nothing that was acknowledged and shows no half batch', { timeout: 240_000 }, async () => {
    const { connect } = (await import(entry)) as typeof import('../../src/node.ts');
    const seed = Number(process.env.SEED ?? Date.now() % 1e6);
    const next = random(seed);
    const folder = await mkdtemp(join(tmpdir(), 'elanus-kill-'));
    const told: Told = { acknowledged: new Set(), tried: new Set(), deleted: new Set(), triedDelete: new Set(), upserted: new Set(), triedUpsert: new Set(), errors: [] };
    let firstBatch = 1;
    try {
      for (let round = 0; round < KILLS; round++) {
        const about = `seed ${seed}, round ${round}`;
        await runAndKill(folder, firstBatch, Math.floor(next() * 700), told);
        expect(told.errors, about).toEqual([]);
        await expectWhole(folder, about);
        const db = await connect(`file:${folder}`);
        const rows = await db.collection('c');
        for (const batch of told.tried) {
          const keys = Array.from({ length: 10 }, (_, i) => batch * 10 + i);
          const found = await rows.get(keys, { outputFields: ['key', 'label'] });
          const gone = told.deleted.has(batch * 10) ? 1 : 0;
          const maybeGone = gone === 0 && told.triedDelete.has(batch * 10) ? 1 : 0;
          const isThere = found.length >= 10 - gone - maybeGone && found.length <= 10 - gone;
          const isAbsent = found.length === 0 && !told.acknowledged.has(batch);
          expect(isThere || isAbsent, `${about}: batch ${batch}, acknowledged ${told.acknowledged.has(batch)}, has ${found.length} rows`).toBe(true);
          const labels = [...new Set(found.map((row) => (row as { label: string }).label))];
          const again = told.upserted.has(batch) ? [true] : told.triedUpsert.has(batch) ? [true, false] : [false];
          if (found.length > 0) expect(again.map((is) => [`batch ${batch}${is ? ' again' : ''}`]), `${about}: batch ${batch}`).toContainEqual(labels);
          expect((await rows.get(keys, { partitions: [`p${batch % 3}`] })).length, `${about}: batch ${batch} in its partition`).toBe(found.length);
        }
        const hits = await rows.search({ vector: new Float32Array(256).fill(0.1), limit: 5 });
        expect(hits.length, about).toBe(Math.min(5, await rows.count()));
        await db.close();
        firstBatch = Math.max(0, ...told.tried) + 1;
      }
      expect(told.acknowledged.size, 'the writer got something done').toBeGreaterThan(KILLS);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
