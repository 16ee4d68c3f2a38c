import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('file store > a write that finds no room is QUOTA, takes back its part, and leaves what was there', async ({ skip }) => {
  if (process.platform === 'win32') skip('there is no limit of file sizes to set on Windows');
  const parent = await mkdtemp(join(tmpdir(), 'elanus-quota-'));
  try {
    const program = join(parent, 'full-disk.mjs');
    const folder = join(parent, 'db');
    await build({ entryPoints: [resolve(import.meta.dirname, 'fixtures/full-disk.ts')], bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'error' });
    // In units of 512 or 1,024 bytes, as the shell likes it: a limit of 32 KiB or 64 KiB a file.
    const { stdout } = await promisify(execFile)('sh', ['-c', `trap '' XFSZ; ulimit -f 64; exec "$0" "$1" "$2"`, process.execPath, program, folder]);
    const outcome = JSON.parse(stdout) as { appended: string[]; logBytes: number; isIntact: boolean; written: string; small: string; files: string[] };
    const acknowledged = outcome.appended.filter((code) => code === 'done').length;
    expect(outcome.appended.slice(acknowledged)).toEqual(Array.from({ length: 8 - acknowledged }, () => 'QUOTA'));
    expect(acknowledged).toBeGreaterThan(0);
    expect(acknowledged).toBeLessThan(8);
    expect(outcome.logBytes).toBe(acknowledged * 10_000);
    expect(outcome).toMatchObject({ isIntact: true, written: 'QUOTA', small: 'done', files: ['small'] });
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
});
