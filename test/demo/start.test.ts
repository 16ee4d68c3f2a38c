/** `npm start`, run as a program. The package is the one that was built before the tests. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDemo, ROOT } from '../../scripts/freshness.mjs';

const RUN_MS = 90_000;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Starts it; `until` is text at which it is acted upon. */
function start(args: string[], until?: { text: string; act: (child: ReturnType<typeof spawn>, output: string) => void }): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['scripts/start.mjs', ...args], { cwd: ROOT, env: { ...process.env, ELANUS_SKIP_BUILD: '1' } });
    let output = '';
    let waiting = until !== undefined;
    const read = (bytes: Buffer) => {
      output += String(bytes);
      if (waiting && output.includes(until!.text)) {
        waiting = false;
        until!.act(child, output);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'elanus-start-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('npm start -- --once', () => {
  it('goes on after it was killed in the middle of loading', { timeout: RUN_MS }, async () => {
    const place = join(folder, 'killed');
    const child = spawn(process.execPath, ['scripts/start.mjs', '--once', '--folder', place], {
      cwd: ROOT,
      env: { ...process.env, ELANUS_SKIP_BUILD: '1' },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    // Some batches are in: killed before the index is.
    await expect.poll(async () => (existsSync(place) ? await size(place) : 0), { timeout: 60_000, interval: 10 }).toBeGreaterThan(8_000_000);
    child.kill('SIGKILL');
    await ended;
    const { code, output } = await start(['--once', '--folder', place]);
    expect(output).toContain('recall@10');
    expect(code).toBe(0);
  });

  it('loads, indexes, searches and ends; the second start reopens', { timeout: RUN_MS }, async () => {
    const place = join(folder, 'twice');
    const first = await start(['--once', '--folder', place]);
    expect(first.output).toContain('Loading pictures');
    expect(first.output).toContain('Indexing pictures');
    expect(first.code).toBe(0);
    expect(Number(/recall@10 ([\d.]+)/.exec(first.output)![1])).toBeGreaterThanOrEqual(0.95);
    // Plain text where there is no terminal.
    expect(first.output).not.toContain('\x1b');

    const second = await start(['--once', '--folder', place]);
    expect(second.output).toMatch(/reopened in [\d.]+ m?s/);
    expect(second.output).not.toContain('Loading pictures');
    expect(second.output).not.toContain('Indexing');
    expect(second.code).toBe(0);
    // The same hits from the reopened database; times differ.
    const hits = ({ output }: Ended) => output.split('\n').filter((text) => /^ {2}0\.\d{3} {2}\S/.test(text));
    expect(hits(first)).toHaveLength(5);
    expect(hits(second)).toEqual(hits(first));
  });

  it('says how to mend what the user can mend', { timeout: RUN_MS }, async () => {
    const bad = await start(['--once', '--port', 'abc']);
    expect(bad.output).toContain('"--port" expected a number');
    expect(bad.code).toBe(1);
  });
});

describe('npm start', () => {
  it('serves the page on the next free port and ends on Ctrl-C', { timeout: 2 * RUN_MS }, async () => {
    await buildDemo();
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, 'localhost', resolve));
    const { port } = busy.address() as AddressInfo;
    try {
      let page = '';
      const { code, output } = await start(['--folder', join(folder, 'twice'), '--port', String(port)], {
        text: 'Ctrl-C',
        act: (child, soFar) => {
          const url = /http:\/\/localhost:\d+\//.exec(soFar)![0];
          void fetch(url)
            .then(async (response) => {
              page = await response.text();
            })
            .finally(() => child.kill('SIGINT'));
        },
      });
      expect(output).toContain(`Port ${port} is taken`);
      expect(page).toContain('<title>Elanus');
      expect(code).toBe(0);
    } finally {
      busy.close();
    }
  });
});

/** Bytes of all files below a folder. */
async function size(path: string): Promise<number> {
  const { stat } = await import('node:fs/promises');
  let bytes = 0;
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}
