import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openOpfsStore } from '../../src/storage/opfs.ts';
import { openInThread, type ThreadStore } from '../support/thread-store.ts';
import { bytesOf, expectBytes, pattern, storeSuite } from '../contract/store.ts';

let counter = 0;
const freshName = (): string => `test-${Date.now()}-${counter++}`;

async function removeDatabase(name: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const parent = await root.getDirectoryHandle('elanus', { create: true });
  await parent.removeEntry(name, { recursive: true }).catch(() => undefined);
}

for (const isExclusive of [false, true]) {
  storeSuite(isExclusive ? 'OPFS store, where a handle shuts other threads out' : 'OPFS store', () => {
    const name = freshName();
    const opened: ThreadStore[] = [];
    return {
      async open(options) {
        const store = await openInThread(`opfs:${name}`, { ...options, isExclusive });
        opened.push(store);
        return store;
      },
      async remove() {
        for (const store of opened.splice(0)) store.kill();
        await removeDatabase(name);
      },
    };
  });
}

describe('OPFS store, beside the contract', () => {
  let name: string;
  const opened: ThreadStore[] = [];
  const open = async (options?: { readOnly?: boolean }): Promise<ThreadStore> => {
    const store = await openInThread(`opfs:${name}`, options);
    opened.push(store);
    return store;
  };

  beforeEach(() => {
    name = freshName();
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) store.kill();
    await removeDatabase(name);
  });

  /** A folder of the database, from the page. */
  async function folder(child: string): Promise<FileSystemDirectoryHandle> {
    let handle = await navigator.storage.getDirectory();
    for (const part of ['elanus', name, child]) handle = await handle.getDirectoryHandle(part);
    return handle;
  }

  async function contents(child: string, file: string): Promise<Uint8Array> {
    return new Uint8Array(await (await (await (await folder(child)).getFileHandle(file)).getFile()).arrayBuffer());
  }

  async function overwrite(child: string, file: string, bytes: Uint8Array): Promise<void> {
    const writable = await (await (await folder(child)).getFileHandle(file, { create: true })).createWritable();
    await writable.write(bytes.slice().buffer as ArrayBuffer);
    await writable.close();
  }

  const names = async (child: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const key of (await folder(child)).keys()) found.push(key);
    return found.sort();
  };

  test('on the page itself it is NOT_SUPPORTED, with advice, and makes nothing', async () => {
    await expect(openOpfsStore(name)).rejects.toMatchObject({ code: 'NOT_SUPPORTED', message: expect.stringMatching(/dedicated workers.*"mode".*idb:/) });
    await expect(folder('files')).rejects.toMatchObject({ name: 'NotFoundError' });
  });

  test('read-only of a database that is not there is NOT_FOUND and makes none', async () => {
    await expect(open({ readOnly: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(folder('files')).rejects.toMatchObject({ name: 'NotFoundError' });
  });

  test('a file that has been read is read at once, and its end is known', async () => {
    const store = await open();
    await store.write('a', [pattern(200_001)]);
    expect(await store.thread.readNow('a', [0], 1)).toMatchObject({ isThere: false });
    await store.read('a', 0, 1);
    const { isThere, target } = await store.thread.readNow('a', [7, 199_001], 1_000);
    expect(isThere).toBe(true);
    expectBytes(target.subarray(0, 1_000), pattern(200_001).subarray(7, 1_007));
    expectBytes(target.subarray(1_000), pattern(200_001).subarray(199_001));
    await expect(store.thread.readNow('a', [199_002], 1_000)).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  test('many threads read one file at once, each through a handle', async () => {
    const writer = await open();
    await writer.write('a', [pattern(300_000)]);
    const readers = await Promise.all([writer, ...(await Promise.all([1, 2, 3].map(() => open({ readOnly: true }))))].map(async (store) => store));
    for (const [i, reader] of readers.entries()) {
      expectBytes(await reader.read('a', i * 1_000, 250_000), pattern(300_000).subarray(i * 1_000, 250_000));
      expect(await reader.thread.readNow('a', [i], 10)).toMatchObject({ isThere: true });
    }
  });

  test('a file that other threads have open is removed all the same', async () => {
    const writer = await open();
    await writer.write('a', [pattern(1_000)]);
    const reader = await open({ readOnly: true });
    await reader.read('a');
    expect(await reader.thread.readNow('a', [0], 10)).toMatchObject({ isThere: true });
    await writer.remove('a');
    expect(await names('files')).toEqual([]);
    await expect(reader.read('a')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a file that a stranger keeps open is gone for this store, and removed when it is let go', async () => {
    const writer = await open();
    await writer.write('a', [pattern(1_000)]);
    const stranger = new Worker(URL.createObjectURL(new Blob([`
      onmessage = async ({ data: path }) => {
        let folder = await navigator.storage.getDirectory();
        for (const part of path) folder = await folder.getDirectoryHandle(part);
        const handle = await (await folder.getFileHandle('a')).createSyncAccessHandle({ mode: 'read-only' });
        onmessage = () => { handle.close(); postMessage('closed'); };
        postMessage('open');
      };`])));
    const answer = (): Promise<unknown> => new Promise((resolve) => (stranger.onmessage = resolve));
    stranger.postMessage(['elanus', name, 'files']);
    await answer();
    await writer.remove('a');
    expect(await writer.list()).toEqual([]);
    await expect(writer.read('a')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await names('files')).toEqual(['a']);
    stranger.postMessage('close');
    await answer();
    stranger.terminate();
    await expect.poll(() => names('files'), { timeout: 10_000 }).toEqual([]);
  });

  test('more files than handles are kept open', async () => {
    const store = await open();
    for (let i = 0; i < 80; i++) await store.write(`f${i}`, [pattern(100, i)]);
    const found = await Promise.all(Array.from({ length: 240 }, (_, i) => store.read(`f${i % 80}`, 7, 8)));
    expect(found.map((bytes) => bytes[0])).toEqual(Array.from({ length: 240 }, (_, i) => 7 ^ (i % 80)));
  });

  test('half-written files of a thread that died are not shown, and swept with the lock', async () => {
    const victim = await open();
    await victim.lock();
    let isWritten: () => void = () => undefined;
    const written = new Promise<void>((resolve) => (isWritten = resolve));
    const writing = victim.write('a', (async function* () {
      yield pattern(2_000_000);
      isWritten();
      await new Promise(() => undefined);
    })());
    writing.catch(() => undefined);
    await written;
    victim.kill();
    const store = await open();
    expect(await store.list()).toEqual([]);
    expect((await names('tmp')).length).toBe(1);
    // The browser gives the lock back with the thread, which takes a moment.
    await expect.poll(() => store.lock().then(() => 'held', (error: { code: string }) => error.code)).toBe('held');
    expect(await names('tmp')).toEqual([]);
    await store.write('a', [bytesOf('again')]);
    expect(new TextDecoder().decode(await store.read('a'))).toBe('again');
  });

  test('what a thread appended and synced before it died is there, and the log takes more', async () => {
    const victim = await open();
    await victim.logs.append('l', bytesOf('one '), true);
    victim.kill();
    const store = await open();
    await store.logs.append('l', bytesOf('two'), true);
    expect(new TextDecoder().decode(await store.logs.read('l'))).toBe('one two');
  });

  test('a reader follows the log of a writer that goes on appending', async () => {
    const writer = await open();
    const reader = await open({ readOnly: true });
    await writer.logs.append('l', pattern(50));
    const appending = (async () => {
      for (let i = 1; i < 200; i++) await writer.logs.append('l', pattern(50, i));
    })();
    for (let i = 0; i < 20; i++) {
      const found = await reader.logs.read('l');
      for (let at = 0; at + 50 <= found.length; at += 50) expectBytes(found.subarray(at, at + 50), pattern(50, at / 50));
    }
    await appending;
    expect((await reader.logs.read('l')).length).toBe(10_000);
  });

  test('a full disk is QUOTA, leaves nothing half-written, and what was there stays', async () => {
    const store = await open();
    await store.write('kept', [pattern(100_000)]);
    await store.logs.append('l', bytesOf('kept'), true);
    await store.root.swap(null, bytesOf('root'));
    for (const room of [0, 1, 40, 10_000]) {
      await store.thread.limitRoom(room);
      await expect(store.write('a', [pattern(50_000), pattern(3_000_000)])).rejects.toMatchObject({ code: 'QUOTA' });
      await store.thread.limitRoom(room);
      await expect(store.logs.append('l', pattern(3_000_000), true)).rejects.toMatchObject({ code: 'QUOTA' });
      await store.thread.limitRoom(room);
      await expect(store.root.swap(bytesOf('root'), pattern(3_000_000))).rejects.toMatchObject({ code: 'QUOTA' });
      expect(await store.list()).toEqual(['kept']);
      expect(await names('tmp')).toEqual([]);
      expect(new TextDecoder().decode(await store.logs.read('l'))).toBe('kept');
      expect((await contents('logs', 'l')).length).toBe(4);
      expect(new TextDecoder().decode((await store.root.read())!)).toBe('root');
    }
    await store.thread.limitRoom(null);
    await store.write('a', [pattern(3_000_000)]);
    await store.logs.append('l', bytesOf(' more'), true);
    await store.root.swap(bytesOf('root'), bytesOf('next'));
    expectBytes(await store.read('kept'), pattern(100_000));
    expect(new TextDecoder().decode(await store.logs.read('l'))).toBe('kept more');
  });

  describe('the root', () => {
    test('survives a crash in the middle of a swap, whatever the crash left of it', async () => {
      const store = await open();
      await store.root.swap(null, bytesOf('one'));
      await store.root.swap(bytesOf('one'), bytesOf('two'));
      const [a, b, newest] = [await contents('root', 'a'), await contents('root', 'b'), await contents('root', 'newest')];
      await store.root.swap(bytesOf('two'), bytesOf('three'));
      const finished = await contents('root', 'a');
      await store.close();
      // The third root goes where the first one was: every prefix of it over what was there, and the old length.
      for (let cut = 0; cut <= finished.length; cut += 5) {
        for (const torn of [finished.slice(0, cut), Uint8Array.from([...finished.subarray(0, cut), ...a.subarray(cut)])]) {
          await overwrite('root', 'a', torn);
          await overwrite('root', 'b', b);
          await overwrite('root', 'newest', newest);
          const again = await open({ readOnly: true });
          const isWhole = torn.length === finished.length && torn.every((byte, i) => byte === finished[i]);
          expect(new TextDecoder().decode((await again.root.read())!)).toBe(isWhole ? 'three' : 'two');
          again.kill();
        }
      }
    });

    test('a first swap that a crash tore leaves a database without a root', async () => {
      const store = await open();
      await store.root.swap(null, bytesOf('one'));
      const whole = await contents('root', 'a');
      await (await folder('root')).removeEntry('newest');
      await overwrite('root', 'a', whole.subarray(0, whole.length - 2));
      expect(await store.root.read()).toBeNull();
      await store.root.swap(null, bytesOf('again'));
      expect(new TextDecoder().decode((await store.root.read())!)).toBe('again');
    });

    test.each([1, 2, 3])('damage to the newest of %i roots is CORRUPT, and not the one before', async (count) => {
      const store = await open();
      for (let i = 1; i <= count; i++) await store.root.swap(i === 1 ? null : bytesOf(`root ${i - 1}`), bytesOf(`root ${i}`));
      const slot = count % 2 === 1 ? 'a' : 'b';
      const bytes = await contents('root', slot);
      bytes[30]! ^= 1;
      await overwrite('root', slot, bytes);
      await expect(store.root.read()).rejects.toMatchObject({ code: 'CORRUPT' });
      await expect(store.root.swap(null, bytesOf('other'))).rejects.toMatchObject({ code: 'CORRUPT' });
    });

    test('a slot of a newer library is FORMAT_UNSUPPORTED', async () => {
      const { encodePreamble } = await import('../../src/storage/preamble.ts');
      const store = await open();
      await store.root.swap(null, bytesOf('one'));
      await overwrite('root', 'b', encodePreamble('slot', 9));
      await expect(store.root.read()).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
    });

    test('swaps of many threads at once: one at a time wins, and none is lost', async () => {
      const stores = await Promise.all([open(), open(), open()]);
      await stores[0]!.root.swap(null, bytesOf('0'));
      const increments = stores.map(async (store) => {
        for (let done = 0; done < 10; ) {
          const found = (await store.root.read())!;
          const next = bytesOf(String(Number(new TextDecoder().decode(found)) + 1));
          await store.root.swap(found, next).then(() => done++, (error: { code: string }) => expect(error.code).toBe('LOCKED'));
        }
      });
      await Promise.all(increments);
      expect(new TextDecoder().decode((await stores[1]!.root.read())!)).toBe('30');
    });
  });
});
