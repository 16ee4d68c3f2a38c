/** The lock file between real processes: of many that race, one wins, and a process that is gone stands in nobody's way. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openFsStore } from '../../src/storage/fs.ts';

let parent: string;
let program: string;
const children: ChildProcessWithoutNullStreams[] = [];

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'elanus-lock-'));
  program = join(parent, 'contender.mjs');
  await build({ entryPoints: [resolve(import.meta.dirname, 'fixtures/contender.ts')], bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'error' });
});
afterEach(async () => {
  for (const child of children.splice(0)) await killed(child);
});
afterAll(() => rm(parent, { recursive: true, force: true }));

async function killed(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await gone;
}

/** Starts a contender; resolves with its outcomes once it has asked for every lock. It lives until it is killed. */
function contend(folders: readonly string[], startMs: number, stepMs: number): { child: ChildProcessWithoutNullStreams; outcomes: Promise<string[]> } {
  const child = spawn(process.execPath, [program, String(startMs), String(stepMs), ...folders]);
  children.push(child);
  const outcomes = new Promise<string[]>((done, fail) => {
    let out = '';
    let err = '';
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
      if (out.endsWith('\n')) done(JSON.parse(out) as string[]);
    });
    child.once('exit', (status) => fail(new Error(`contender ended with ${status}: ${err}`)));
  });
  outcomes.catch(() => undefined);
  return { child, outcomes };
}

async function folders(count: number, label: string): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => mkdtemp(join(parent, `${label}-${i}-`))));
}

/** Locks the folders in a process and kills it. */
async function lockAndDie(paths: readonly string[]): Promise<void> {
  const { child, outcomes } = contend(paths, 0, 0);
  expect(await outcomes).toEqual(paths.map(() => 'got'));
  await killed(child);
}

async function raceFor(paths: readonly string[], processes: number): Promise<string[][]> {
  // Long enough that all of them have started; those that are late only race less.
  const start = Date.now() + 2_500;
  return Promise.all(Array.from({ length: processes }, () => contend(paths, start, 30).outcomes));
}

function expectOneWinnerEach(outcomes: readonly string[][], paths: readonly string[]): void {
  for (const [i, path] of paths.entries()) {
    const of = outcomes.map((outcome) => outcome[i]);
    expect(of.filter((outcome) => outcome === 'got').length, `${path}: ${of.join(' ')}`).toBe(1);
    expect(of.filter((outcome) => outcome !== 'got' && outcome !== 'LOCKED')).toEqual([]);
  }
}

describe('lock file > between processes', () => {
  test('twenty processes race for locks left by a killed one: exactly one gets each', async () => {
    const paths = await folders(12, 'stale');
    await lockAndDie(paths);
    expectOneWinnerEach(await raceFor(paths, 20), paths);
    // The winners' sweeps left no guards and no temporary lock files of the dead.
    for (const path of paths) expect((await readdir(path)).filter((name) => name.startsWith('lock'))).toEqual(['lock']);
  });

  test('twenty processes race where earlier ones died while they took over', async () => {
    const paths = await folders(12, 'guarded');
    await lockAndDie(paths);
    for (const [i, path] of paths.entries()) await leaveGuards(path, i % 3);
    expectOneWinnerEach(await raceFor(paths, 20), paths);
    for (const path of paths) expect((await readdir(path)).filter((name) => name.startsWith('lock'))).toEqual(['lock']);
  });

  test('twenty processes race for locks that nobody had', async () => {
    const paths = await folders(12, 'free');
    expectOneWinnerEach(await raceFor(paths, 20), paths);
  });

  test('a lock of a living process is LOCKED and says whose; once it is killed, the next opener gets it at once', async () => {
    const [path] = await folders(1, 'living');
    const { child, outcomes } = contend([path], 0, 0);
    expect(await outcomes).toEqual(['got']);
    const store = await openFsStore(path);
    await expect(store.lock()).rejects.toMatchObject({ code: 'LOCKED', detail: { holder: { pid: child.pid } } });
    await killed(child);
    const lock = await store.lock();
    await lock.release();
    await store.close();
  });

  test('a pid that was given out again does not keep the lock', async () => {
    const [path] = await folders(1, 'reused');
    await lockAndDie([path]);
    const content = JSON.parse(await readFile(join(path, 'lock'), 'utf8')) as { pid: number; startTime: string | null };
    if (content.startTime === null) return console.log('skipped: no /proc here, so a reused pid cannot be told');
    // As if our own process had been given the pid of the dead one.
    await writeFile(join(path, 'lock'), JSON.stringify({ ...content, pid: process.pid }));
    const store = await openFsStore(path);
    await (await store.lock()).release();
    await store.close();
  });

  test('a lock of another machine is respected, with advice', async () => {
    const [path] = await folders(1, 'remote');
    await lockAndDie([path]);
    const content = JSON.parse(await readFile(join(path, 'lock'), 'utf8')) as { boot: string | null };
    if (content.boot === null) return console.log('skipped: no boot id here, so machines cannot be told apart');
    await writeFile(join(path, 'lock'), JSON.stringify({ ...content, boot: 'another', host: 'elsewhere' }));
    const store = await openFsStore(path);
    await expect(store.lock()).rejects.toMatchObject({ code: 'LOCKED', message: expect.stringContaining('remove the file "lock"') });
    await writeFile(join(path, 'lock'), JSON.stringify({ ...content, boot: 'before the reboot' }));
    await (await store.lock()).release();
    await store.close();
  });

  test('a lock file that says nothing sensible is LOCKED with advice', async () => {
    const [path] = await folders(1, 'nonsense');
    const store = await openFsStore(path);
    for (const nonsense of ['', JSON.stringify({ pid: 1, token: '../../etc' })]) {
      await writeFile(join(path, 'lock'), nonsense);
      await expect(store.lock()).rejects.toMatchObject({ code: 'LOCKED', message: expect.stringContaining('remove that file') });
    }
    await store.close();
  });
});

/** What processes leave that die between getting the right to take over and doing so. */
async function leaveGuards(path: string, depth: number): Promise<void> {
  let { token } = JSON.parse(await readFile(join(path, 'lock'), 'utf8')) as { token: string };
  for (let level = 0; level <= depth; level++) {
    const guard = join(path, `lock-${token}`);
    await copyFile(join(path, 'lock'), guard);
    const content = JSON.parse(await readFile(guard, 'utf8')) as { token: string };
    content.token = crypto.randomUUID();
    await writeFile(guard, JSON.stringify(content));
    token = content.token;
  }
}
