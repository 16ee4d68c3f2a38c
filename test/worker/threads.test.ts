/** Calls to worker_threads, and what a thread may do to the process that started it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeThread } from '../../src/platform/node-threads.ts';
import { suite } from '../contract/threads.ts';

const folder = mkdtempSync(join(tmpdir(), 'elanus-threads-'));
const script = join(folder, 'thread.mjs');

beforeAll(async () => {
  await bundle('fixture-thread.node.ts', script);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({ entryPoints: [fileURLToPath(new URL(entry, import.meta.url))], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
}

suite('worker_threads', () => startNodeThread(pathToFileURL(script), 'build'));

describe('threads and their process', () => {
  it('a script that cannot be loaded rejects', async () => {
    await expect(startNodeThread(pathToFileURL(join(folder, 'missing.mjs')), 'build')).rejects.toThrow(/missing/);
  });

  it('a process waits for a pending call, and not for a thread at rest', async () => {
    const program = join(folder, 'program.mjs');
    await bundle('fixture-program.node.ts', program);
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, pathToFileURL(script).href], { encoding: 'utf8', timeout: 20_000 });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'answered 200\n', stderr: '' });
  });
});
