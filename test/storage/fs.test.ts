import { mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFsStore } from '../../src/storage/fs.ts';
import { bytesOf, pattern, storeSuite } from '../contract/store.ts';

storeSuite('file store', () => {
  const parent = mkdtemp(join(tmpdir(), 'elanus-store-'));
  return {
    open: async (options) => openFsStore(join(await parent, 'deep', 'db'), options),
    remove: async () => rm(await parent, { recursive: true, force: true }),
  };
});

describe('file store, beside the contract', () => {
  let parent: string;
  let folder: string;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'elanus-store-'));
    folder = join(parent, 'db');
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  test('read-only of a folder that is not there is NOT_FOUND and makes nothing', async () => {
    await expect(openFsStore(folder, { readOnly: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await readdir(parent)).toEqual([]);
  });

  test('a folder that cannot be made is STORAGE with its cause', async () => {
    await writeFile(folder, 'a file');
    await expect(openFsStore(folder)).rejects.toMatchObject({ code: 'STORAGE', cause: expect.anything() });
  });

  test('half-written files are swept when the lock is taken, and not before', async () => {
    const store = await openFsStore(folder);
    await writeFile(join(folder, 'tmp', 's1.seg.dead'), pattern(1000));
    expect(await store.list()).toEqual([]);
    expect(await readdir(join(folder, 'tmp'))).toEqual(['s1.seg.dead']);
    const lock = await store.lock();
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    await lock.release();
    await store.close();
  });

  test('a write leaves nothing in tmp/, whether it succeeds or not', async () => {
    const store = await openFsStore(folder);
    await store.write('a', [pattern(1000)]);
    await store.write('a', [pattern(1000)]).catch(() => undefined);
    await store.root.swap(null, bytesOf('root'));
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    await store.close();
  });

  test('a file cut behind our back is CORRUPT', async () => {
    const store = await openFsStore(folder);
    await store.write('a', [pattern(1000)]);
    await store.read('a', 0, 10);
    await truncate(join(folder, 'files', 'a'), 500);
    await expect(store.read('a', 400, 600)).rejects.toMatchObject({ code: 'CORRUPT' });
    await store.close();
  });

  test('destroy leaves what is not ours', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'notes.txt'), 'mine');
    const store = await openFsStore(folder);
    await store.write('a', [pattern(10)]);
    await store.destroy();
    expect(await readdir(folder)).toEqual(['notes.txt']);
  });

  test('more files than handles are kept open', async () => {
    const store = await openFsStore(folder);
    for (let i = 0; i < 80; i++) await store.write(`f${i}`, [pattern(100, i)]);
    const found = await Promise.all(Array.from({ length: 240 }, (_, i) => store.read(`f${i % 80}`, 7, 8)));
    expect(found.map((bytes) => bytes[0])).toEqual(Array.from({ length: 240 }, (_, i) => 7 ^ (i % 80)));
    const handles = (await readdir('/proc/self/fd').catch(() => [])).length;
    expect(handles).toBeLessThan(200);
    await store.close();
  });

  test('a lock says who holds it', async () => {
    const store = await openFsStore(folder);
    const lock = await store.lock();
    expect(JSON.parse(await readFile(join(folder, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    const error = await store.lock().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'LOCKED', detail: { holder: { pid: process.pid } } });
    expect(structuredClone((error as { detail: unknown }).detail)).toBeTruthy();
    await lock.release();
    expect(await readdir(folder)).not.toContain('lock');
    await store.close();
  });

  test('a root is not swapped by a writer whose lock was taken away by hand', async () => {
    const store = await openFsStore(folder);
    await store.lock();
    await rm(join(folder, 'lock'));
    const thief = await openFsStore(folder);
    await thief.lock();
    await expect(store.root.swap(null, bytesOf('one'))).rejects.toMatchObject({ code: 'LOCKED' });
    await thief.root.swap(null, bytesOf('two'));
    await store.close();
    // Closing the robbed one does not release the other's lock.
    await expect(openFsStore(folder).then((third) => third.lock())).rejects.toMatchObject({ code: 'LOCKED' });
    await thief.close();
  });
});
