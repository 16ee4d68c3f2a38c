/** Encryption at rest: the store contract over it, and what whoever has the medium may try. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { BLOCK_BYTES } from '../../src/storage/encrypted/files.ts';
import { RECORD_BYTES_MAX } from '../../src/storage/encrypted/logs.ts';
import { openEncryptedStore } from '../../src/storage/encrypted.ts';
import { openFsStore } from '../../src/storage/fs.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { crc32c } from '../../src/util/crc32c.ts';
import type { Store } from '../../src/storage/store.ts';
import { LogWriter, readLog } from '../../src/storage/wal/index.ts';
import { aesKey } from '../support/aes-key.ts';
import { faultStore } from '../support/fault-store.ts';
import { openTab, SharedMemoryMedium } from '../support/shared-memory.ts';
import { sharedSuite } from '../contract/shared.ts';
import { bytesOf, expectBytes, pattern, storeSuite } from '../contract/store.ts';

const key = await aesKey(1);

storeSuite('encrypted memory store', () => {
  const medium = new MemoryMedium();
  return {
    open: async (options) => openEncryptedStore(openMemoryStore({ ...options, medium }), key),
    remove: async () => medium.clear(),
  };
});

storeSuite('encrypted file store', () => {
  const parent = mkdtemp(join(tmpdir(), 'elanus-store-'));
  return {
    open: async (options) => openEncryptedStore(await openFsStore(join(await parent, 'db'), options), key),
    remove: async () => rm(await parent, { recursive: true, force: true }),
  };
});

sharedSuite('encrypted shared memory', () => {
  const medium = new SharedMemoryMedium();
  medium.now = Date.now();
  return { open: () => openEncryptedStore(openTab(medium).store, key), remove: async () => {} };
});

const code = (expected: string) => expect.objectContaining({ name: 'ElanusError', code: expected });
const textOf = (bytes: Uint8Array | null): string => new TextDecoder().decode(bytes!);

/** All that the medium has, in one array. */
function allBytes(medium: MemoryMedium): Uint8Array {
  const parts = [...medium.files.values(), ...[...medium.logs.values()].flat(), medium.root ?? new Uint8Array(0)];
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function contains(haystack: Uint8Array, needle: Uint8Array): boolean {
  return Buffer.from(haystack).includes(Buffer.from(needle));
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= 0x40;
  return copy;
}

describe('an encrypted store', () => {
  const openOver = (medium: MemoryMedium, userKey = key): Promise<Store> => openEncryptedStore(openMemoryStore({ medium }), userKey);

  async function filled(): Promise<MemoryMedium> {
    const medium = new MemoryMedium();
    const store = await openOver(medium);
    await store.root.swap(null, bytesOf('the root of all'));
    await store.write('a', [bytesOf('the secret of the file '.repeat(100))]);
    await store.logs.append('l', bytesOf('the secret of the log'));
    return medium;
  }

  test('leaves nothing of its contents on the medium, and never the same bytes twice', async () => {
    const medium = await filled();
    const other = await filled();
    for (const secret of ['root of all', 'secret']) expect(contains(allBytes(medium), bytesOf(secret))).toBe(false);
    expect(medium.files.get('a')!.length).toBe(other.files.get('a')!.length);
    expect(medium.files.get('a')!.slice(48, 80)).not.toEqual(other.files.get('a')!.slice(48, 80));
    const store = await openOver(medium);
    await store.write('b', [bytesOf('the secret of the file '.repeat(100))]);
    expect(medium.files.get('b')!.slice(48, 80)).not.toEqual(medium.files.get('a')!.slice(48, 80));
  });

  test('another key is UNAUTHENTICATED, none too, and one for a plain store INVALID_ARGUMENT; nothing is changed', async () => {
    const medium = await filled();
    const before = allBytes(medium);
    await expect(openOver(medium, await aesKey(2))).rejects.toEqual(code('UNAUTHENTICATED'));
    expect(allBytes(medium)).toEqual(before);
    const { Catalog } = await import('../../src/engine/catalog.ts');
    await expect(Catalog.open(openMemoryStore({ medium }))).rejects.toEqual(code('UNAUTHENTICATED'));

    const plain = new MemoryMedium();
    const { encodePreamble } = await import('../../src/storage/preamble.ts');
    await openMemoryStore({ medium: plain }).root.swap(null, encodePreamble('manifest', 1));
    await expect(openOver(plain)).rejects.toEqual(code('INVALID_ARGUMENT'));
    expect(plain.root!.length).toBe(16);
  });

  test('keys that are made at once by two openings are the same keys afterwards', async () => {
    const medium = new MemoryMedium();
    const [first, second] = await Promise.all([openOver(medium), openOver(medium)]);
    await Promise.all([first.write('a', [bytesOf('a')]), second.write('b', [bytesOf('b')]), first.logs.append('l', bytesOf('l')), second.logs.append('m', bytesOf('m'))]);
    const third = await openOver(medium);
    expect([textOf(await third.read('a')), textOf(await third.read('b')), textOf(await third.logs.read('l')), textOf(await third.logs.read('m'))]).toEqual(['a', 'b', 'l', 'm']);
    expect(await third.root.read()).toBeNull();
  });

  test('never uses a nonce twice under one key, over databases, openings, failures and tabs', async () => {
    const { subtle } = crypto;
    /** What a key is: its bytes, or what it was derived from. */
    const names = new WeakMap<CryptoKey, string>();
    const used: string[] = [];
    const hex = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString('hex');
    const { importKey, deriveKey, encrypt } = { importKey: subtle.importKey.bind(subtle), deriveKey: subtle.deriveKey.bind(subtle), encrypt: subtle.encrypt.bind(subtle) };
    vi.spyOn(subtle, 'importKey').mockImplementation((async (...args: Parameters<typeof importKey>) => {
      const name = hex(args[1]);
      const imported = await importKey(...args);
      names.set(imported, name);
      return imported;
    }) as never);
    vi.spyOn(subtle, 'deriveKey').mockImplementation((async (...args: Parameters<typeof deriveKey>) => {
      const derived = await deriveKey(...args);
      const { salt, info } = args[0] as HkdfParams;
      names.set(derived, `${names.get(args[1])} ${hex(salt)} ${hex(info)}`);
      return derived;
    }) as never);
    vi.spyOn(subtle, 'encrypt').mockImplementation((async (...args: Parameters<typeof encrypt>) => {
      used.push(`${names.get(args[1]) ?? 'the user key'} ${hex((args[0] as AesGcmParams).iv)}`);
      return encrypt(...args);
    }) as never);
    try {
      for (let database = 0; database < 3; database++) {
        const medium = new MemoryMedium();
        let root: Uint8Array | null = null;
        for (let opening = 0; opening < 3; opening++) {
          const store = await openOver(medium);
          await store.logs.drop('l');
          for (let i = 0; i < 5; i++) {
            await store.write('a', [pattern(3 * BLOCK_BYTES)]);
            await store.remove('a');
            await store.logs.append('l', pattern(10));
            const next = bytesOf(`root ${opening} ${i}`);
            await store.root.swap(root, next);
            root = next;
          }
          await store.logs.drop('l');
          // Writes that fail are tried again.
          for (let at = 1; at < 8; at++) {
            const failing = await openEncryptedStore(faultStore(openMemoryStore({ medium }), { at, fault: 'tear', seed: at }), key);
            for (let i = 0; i < 3; i++) {
              await failing.logs.append('l', pattern(10)).catch(() => undefined);
              await failing.write(`b${opening}-${at}-${i}`, [pattern(10)]).catch(() => undefined);
            }
          }
        }
      }
      const medium = new SharedMemoryMedium();
      for (let opening = 0; opening < 3; opening++) {
        const tab = await openEncryptedStore(openTab(medium).store, key);
        for (let i = 0; i < 5; i++) await tab.shared!.logs.append(1, [1, 2].map(() => ({ payload: pattern(10), payloadCrc: 0, autoIds: 0 })), { isDurable: true, after: 0n, birth: { generation: 1, nextAutoId: 1n } });
      }
    } finally {
      vi.restoreAllMocks();
    }
    expect(used.length).toBeGreaterThan(300);
    expect(used.filter((use) => use.startsWith('the user key')).length).toBeGreaterThan(3);
    expect(new Set(used).size).toBe(used.length);
  });

  describe('files', () => {
    const sizes = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 20 * BLOCK_BYTES + 7];

    test.each(sizes)('%i bytes come back, from anywhere to anywhere', async (size) => {
      const store = await openOver(new MemoryMedium());
      await store.write('a', [pattern(size)]);
      expect(await store.size('a')).toBe(size);
      expectBytes(await store.read('a'), pattern(size));
      const edges = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 17 * BLOCK_BYTES, size - 1, size].filter((at) => at >= 0 && at <= size);
      for (const from of edges) for (const to of edges.filter((at) => at >= from)) expectBytes(await store.read('a', from, to), pattern(size).subarray(from, to));
    });

    test('a read of a part reads the blocks that it touches and no more', async () => {
      const inner = openMemoryStore();
      const ranges: number[][] = [];
      const read = inner.read.bind(inner);
      inner.read = async (name, from, to) => {
        ranges.push([from!, to!]);
        return read(name, from, to);
      };
      const store = await openEncryptedStore(inner, key);
      await store.write('a', [pattern(100 * BLOCK_BYTES)]);
      await store.size('a');
      ranges.length = 0;
      await store.read('a', 50 * BLOCK_BYTES + 5, 50 * BLOCK_BYTES + 10);
      expect(ranges).toEqual([[48 + 50 * (BLOCK_BYTES + 16), 48 + 51 * (BLOCK_BYTES + 16)]]);
    });

    test('any flipped bit is CORRUPT once it is read, or changes nothing', async () => {
      const medium = new MemoryMedium();
      await (await openOver(medium)).write('a', [pattern(BLOCK_BYTES + 100)]);
      const whole = medium.files.get('a')!;
      for (const at of [0, 5, 6, 13, 16, 47, 48, 1_000, 48 + BLOCK_BYTES, 48 + BLOCK_BYTES + 15, 48 + BLOCK_BYTES + 16, whole.length - 17, whole.length - 16, whole.length - 1]) {
        medium.files.set('a', flipped(whole, at));
        await expect((await openOver(medium)).read('a'), `byte ${at}`).rejects.toEqual(code('CORRUPT'));
      }
    });

    test('blocks in each other\'s places, of another file, or of an older one are CORRUPT', async () => {
      const medium = new MemoryMedium();
      const store = await openOver(medium);
      for (const name of ['a', 'b']) await store.write(name, [pattern(3 * BLOCK_BYTES)]);
      const [a, b] = [medium.files.get('a')!, medium.files.get('b')!];
      const block = (file: Uint8Array, i: number): Uint8Array => file.slice(48 + i * (BLOCK_BYTES + 16), 48 + (i + 1) * (BLOCK_BYTES + 16));
      const withBlock = (i: number, bytes: Uint8Array): Uint8Array => {
        const copy = a.slice();
        copy.set(bytes, 48 + i * (BLOCK_BYTES + 16));
        return copy;
      };
      await store.remove('a');
      await store.write('a', [pattern(3 * BLOCK_BYTES)]);
      const older = medium.files.get('a')!;
      for (const forged of [withBlock(0, block(a, 1)), withBlock(2, block(b, 2)), withBlock(1, block(older, 1)), b]) {
        medium.files.set('a', forged);
        await expect((await openOver(medium)).read('a')).rejects.toEqual(code('CORRUPT'));
      }
      medium.files.set('a', a);
      expectBytes(await (await openOver(medium)).read('a'), pattern(3 * BLOCK_BYTES));
    });

    test('a file that was cut or made longer is CORRUPT before anything of it is read', async () => {
      const medium = new MemoryMedium();
      await (await openOver(medium)).write('a', [pattern(3 * BLOCK_BYTES + 5)]);
      const whole = medium.files.get('a')!;
      const cuts = [0, 15, 48, 63, 64, 48 + BLOCK_BYTES + 16, 48 + 2 * (BLOCK_BYTES + 16), 64 + 2 * (BLOCK_BYTES + 16), whole.length - 21, whole.length - 16, whole.length - 1];
      for (const cut of cuts) {
        medium.files.set('a', whole.slice(0, cut));
        await expect((await openOver(medium)).read('a', 0, 1), `cut at ${cut}`).rejects.toEqual(code('CORRUPT'));
        await expect((await openOver(medium)).size('a')).rejects.toEqual(code('CORRUPT'));
      }
      medium.files.set('a', Uint8Array.from([...whole, ...whole.slice(-16)]));
      await expect((await openOver(medium)).size('a')).rejects.toEqual(code('CORRUPT'));
    });
  });

  describe('the root', () => {
    test('any flipped bit is CORRUPT, and not another key', async () => {
      const medium = await filled();
      const whole = medium.root!;
      for (let at = 0; at < whole.length; at += 3) {
        medium.root = flipped(whole, at);
        await expect(openOver(medium), `byte ${at}`).rejects.toEqual(code('CORRUPT'));
      }
    });

    test('with a checksum made to fit is CORRUPT all the same', async () => {
      const medium = await filled();
      const forged = flipped(medium.root!, 120);
      new DataView(forged.buffer).setUint32(forged.length - 4, crc32c(forged, 0, forged.length - 4), true);
      medium.root = forged;
      await expect(openOver(medium)).rejects.toEqual(code('CORRUPT'));
    });

    test('with recover: truncate, a damaged one does not stand before files and logs, unless its envelope is damaged too', async () => {
      const medium = await filled();
      const whole = medium.root!;
      const openForgiving = (userKey = key) => openEncryptedStore(openMemoryStore({ medium }), userKey, { recover: 'truncate' });
      for (let at = 0; at < whole.length; at += 5) {
        medium.root = flipped(whole, at);
        if (at >= 16 && at < 76) {
          await expect(openForgiving(), `byte ${at}`).rejects.toEqual(code('CORRUPT'));
          continue;
        }
        const store = await openForgiving();
        const { decodeManifest } = await import('../../src/storage/manifest/codec.ts');
        const root = (await store.root.read())!;
        expect(() => decodeManifest(root)).toThrow(code('CORRUPT'));
        expect(textOf(await store.read('a', 0, 10))).toBe('the secret');
        expect(textOf(await store.logs.read('l'))).toBe('the secret of the log');
        await expect(openForgiving(await aesKey(2))).rejects.toEqual(code('CORRUPT'));
      }
    });

    test('that is older than a log is CORRUPT', async () => {
      const medium = new MemoryMedium();
      const store = await openOver(medium);
      await store.root.swap(null, bytesOf('one'));
      const older = medium.root!;
      await store.root.swap(bytesOf('one'), bytesOf('two'));
      await store.logs.append('l', bytesOf('after two'));
      medium.root = older;
      const robbed = await openOver(medium);
      expect(textOf(await robbed.root.read())).toBe('one');
      await expect(robbed.logs.read('l')).rejects.toMatchObject({ code: 'CORRUPT', detail: { file: 'root' } });
    });

    test('that a writer swaps beside a reader is no damage', async () => {
      const medium = new MemoryMedium();
      const writer = await openOver(medium);
      await writer.root.swap(null, bytesOf('one'));
      const reader = await openOver(medium);
      await writer.root.swap(bytesOf('one'), bytesOf('two'));
      await writer.logs.append('l', bytesOf('after two'));
      expect(textOf(await reader.logs.read('l'))).toBe('after two');
    });
  });

  describe('shared logs', () => {
    const options = { isDurable: true, after: 0n, birth: { generation: 1, nextAutoId: 1n } };
    const draft = (text: string) => ({ payload: bytesOf(text), payloadCrc: crc32c(bytesOf(text)), autoIds: 0 });

    test('their payloads are sealed, and those of another collection or changed are CORRUPT', async () => {
      const medium = new SharedMemoryMedium();
      const plain = openTab(medium).store;
      const tabs = [await openEncryptedStore(openTab(medium).store, key), await openEncryptedStore(openTab(medium).store, key)];
      for (const [i, tab] of tabs.entries()) await tab.shared!.logs.append(1, [draft(`secret ${i}`)], options);
      expect((await tabs[0]!.shared!.logs.read(1, 1, 0))!.records.map(({ payload }) => textOf(payload))).toEqual(['secret 0', 'secret 1']);
      const sealed = (await plain.shared!.logs.read(1, 1, 0))!.records[0]!.payload;
      expect(contains(sealed, bytesOf('secret'))).toBe(false);
      for (const [collectionId, payload] of [[2, sealed], [3, flipped(sealed, 60)], [4, sealed.slice(0, 30)], [5, new Uint8Array(0)]] as const) {
        await plain.shared!.logs.append(collectionId, [{ payload, payloadCrc: crc32c(payload), autoIds: 0 }], options);
        await expect(tabs[1]!.shared!.logs.read(collectionId, 1, 0)).rejects.toEqual(code('CORRUPT'));
      }
    });

    test('a root that is older than a record is CORRUPT', async () => {
      const medium = new SharedMemoryMedium();
      const older = new SharedMemoryMedium();
      const tab = await openEncryptedStore(openTab(medium).store, key);
      await tab.root.swap(null, bytesOf('one'));
      const first = (await openTab(medium).store.root.read())!;
      await tab.root.swap(bytesOf('one'), bytesOf('two'));
      await tab.shared!.logs.append(1, [draft('after two')], options);
      const { payload, payloadCrc } = (await openTab(medium).store.shared!.logs.read(1, 1, 0))!.records.map((record) => ({ ...record, payloadCrc: crc32c(record.payload) }))[0]!;
      await openTab(older).store.root.swap(null, first);
      await openTab(older).store.shared!.logs.append(1, [{ payload, payloadCrc, autoIds: 0 }], options);
      const robbed = await openEncryptedStore(openTab(older).store, key);
      // Neither can it be committed over, after which the numbers would agree.
      await expect(robbed.root.swap(bytesOf('one'), bytesOf('mine'))).rejects.toMatchObject({ code: 'CORRUPT', detail: { file: 'root' } });
      await expect(robbed.shared!.logs.read(1, 1, 0)).rejects.toMatchObject({ code: 'CORRUPT', detail: { file: 'root' } });
    });
  });

  describe('logs', () => {
    test('a log goes on after another opening', async () => {
      const medium = new MemoryMedium();
      for (const text of ['one ', 'two ', 'three']) await (await openOver(medium)).logs.append('l', bytesOf(text));
      expect(textOf(await (await openOver(medium)).logs.read('l'))).toBe('one two three');
    });

    test('an append of many records comes back whole', async () => {
      const store = await openOver(new MemoryMedium());
      await store.logs.append('l', pattern(2 * RECORD_BYTES_MAX + 3));
      await store.logs.append('l', pattern(10, 1));
      const found = await store.logs.read('l');
      expectBytes(found.subarray(0, 2 * RECORD_BYTES_MAX + 3), pattern(2 * RECORD_BYTES_MAX + 3));
      expectBytes(found.subarray(2 * RECORD_BYTES_MAX + 3), pattern(10, 1));
    });

    /** A log of three appends, and where the records of the medium end. */
    async function threeRecords(): Promise<{ medium: MemoryMedium; whole: Uint8Array; ends: number[] }> {
      const medium = new MemoryMedium();
      const store = await openOver(medium);
      const ends: number[] = [];
      for (const [i, length] of [20, 30, 25].entries()) {
        await store.logs.append('l', pattern(length, i + 1));
        ends.push(medium.logs.get('l')!.reduce((sum, piece) => sum + piece.length, 0));
      }
      return { medium, whole: Uint8Array.from(medium.logs.get('l')!.flatMap((piece) => [...piece])), ends };
    }
    const plainOf = (records: number): Uint8Array => Uint8Array.from([pattern(20, 1), pattern(30, 2), pattern(25, 3)].slice(0, records).flatMap((part) => [...part]));

    test('cut at any byte, or zero from any byte on, it ends with the last whole append', async () => {
      const { medium, whole, ends } = await threeRecords();
      for (let cut = 0; cut <= whole.length; cut++) {
        const zeroed = whole.slice().fill(0, cut);
        const records = ends.filter((end) => end <= cut).length;
        for (const torn of [whole.slice(0, cut), zeroed]) {
          medium.logs.set('l', [torn]);
          expectBytes(await (await openOver(medium)).logs.read('l'), plainOf(records));
        }
      }
    });

    test('any flipped bit is CORRUPT, even in the last record', async () => {
      const { medium, whole } = await threeRecords();
      for (let at = 0; at < whole.length; at++) {
        medium.logs.set('l', [flipped(whole, at)]);
        await expect((await openOver(medium)).logs.read('l'), `byte ${at}`).rejects.toEqual(code('CORRUPT'));
      }
    });

    test('records left out, doubled, swapped or from another log are CORRUPT', async () => {
      const { medium, whole, ends } = await threeRecords();
      const start = whole.slice(0, 48);
      const records = [whole.slice(48, ends[0]), whole.slice(ends[0], ends[1]), whole.slice(ends[1])];
      await (await openOver(medium)).logs.append('m', pattern(20, 1));
      const other = medium.logs.get('m')![0]!;
      for (const forged of [[start, records[1]!, records[2]!], [start, records[0]!, records[0]!, records[1]!], [start, records[1]!, records[0]!, records[2]!], [start, records[0]!, other.slice(48)], [other]]) {
        medium.logs.set('l', forged);
        await expect((await openOver(medium)).logs.read('l')).rejects.toEqual(code('CORRUPT'));
      }
    });

    test('with recover: truncate, a damaged record is as many bytes that are no log, and the others are there', async () => {
      const { medium, whole, ends } = await threeRecords();
      const openForgiving = () => openEncryptedStore(openMemoryStore({ medium }), key, { recover: 'truncate' });
      medium.logs.set('l', [flipped(whole, ends[0]! + 40)]);
      const middle = await (await openForgiving()).logs.read('l');
      expectBytes(middle, Uint8Array.from([...pattern(20, 1), ...new Uint8Array(30).fill(0xff), ...pattern(25, 3)]));
      // Nobody knows where the next one begins when the head is damaged.
      medium.logs.set('l', [flipped(whole, ends[0]! + 5)]);
      const head = await (await openForgiving()).logs.read('l');
      expectBytes(head, Uint8Array.from([...pattern(20, 1), ...new Uint8Array(whole.length - ends[0]!).fill(0xff)]));
    });

    test('with recover: truncate, what comes before a damaged record is read, and the rest reported as damage', async () => {
      const medium = new MemoryMedium();
      const writer = await LogWriter.create(await openOver(medium), 'l', bytesOf('header'), 'strict');
      for (const text of ['one', 'two', 'three']) await writer.append(bytesOf(text));
      const pieces = medium.logs.get('l')!;
      pieces[2] = flipped(pieces[2]!, 40);
      await expect((await openOver(medium)).logs.read('l')).rejects.toEqual(code('CORRUPT'));
      const forgiving = await openEncryptedStore(openMemoryStore({ medium }), key, { recover: 'truncate' });
      const contents = readLog('l', await forgiving.logs.read('l'), { recover: 'truncate' })!;
      expect(contents.records.map(textOf)).toEqual(['one', 'two']);
      expect(contents.damage).toEqual(code('CORRUPT'));
      expect(contents.droppedBytes).toBeGreaterThan(0);
    });
  });
});
