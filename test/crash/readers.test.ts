/**
 * Read-only openers beside a busy writer in another process, with real fsync: what was acknowledged before the opening is seen, every
 * batch whole or not at all, whatever the writer seals, merges and removes meanwhile; and the writer does not mind.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const OPENINGS = Number(process.env.OPENINGS ?? 15);
const writer = fileURLToPath(new URL('./writer.mjs', import.meta.url));
const entry = new URL('../../dist/node.js', import.meta.url).href;

it('a reader beside a busy writer sees whole batches, and all that were acknowledged', { timeout: 120_000 }, async () => {
  const { connect } = (await import(entry)) as typeof import('../../src/node.ts');
  const folder = await mkdtemp(join(tmpdir(), 'elanus-readers-'));
  const child = spawn(process.execPath, [writer, folder, '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const numbers = (word: string): number[] => [...text.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map((match) => Number(match[1]));
  try {
    while (numbers('ack').length < 20) await new Promise((resolve) => setTimeout(resolve, 10));
    let seen = 0;
    for (let opening = 0; opening < OPENINGS; opening++) {
      const acknowledged = new Set(numbers('ack'));
      const db = await connect(`file:${folder}`, { readOnly: true });
      try {
        const rows = await db.collection('c');
        const last = Math.max(...numbers('try'));
        for (let batch = 1; batch <= last; batch++) {
          const found = await rows.get(Array.from({ length: 10 }, (_, i) => batch * 10 + i));
          const counts = batch % 7 === 0 ? [9, 10] : [10];
          if (!acknowledged.has(batch)) counts.push(0);
          expect(counts, `opening ${opening}, batch ${batch}`).toContain(found.length);
          const labels = new Set(found.map((row) => row['label']));
          expect(labels.size, `one label of batch ${batch}`).toBeLessThanOrEqual(1);
          seen += found.length;
        }
      } finally {
        await db.close();
      }
      await expect(connect(`file:${folder}`)).rejects.toMatchObject({ code: 'LOCKED', detail: { holder: { pid: child.pid } } });
    }
    expect(seen).toBeGreaterThan(0);
    expect(numbers('ack').length).toBeGreaterThan(20 + OPENINGS);
    expect(text).not.toMatch(/^error/m);
    // It is gone: the next one opens at once.
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    const start = performance.now();
    const db = await connect(`file:${folder}`);
    expect(performance.now() - start).toBeLessThan(5_000);
    await db.close();
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
});
