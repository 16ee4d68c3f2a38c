/**
 * What every store must do, whatever its medium. Host-neutral: `test/storage/` runs it over memory and folders in
 * Node, `test/storage/idb.browser.test.ts` over IndexedDB in a browser.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/storage/store.ts';

export interface StoreFactory {
  /** Opens the medium of this test; a second call opens the same one again, as another process or tab would. */
  open(options?: { readOnly?: boolean }): Promise<Store>;
  /** Removes the medium, whatever state it is in. */
  remove(): Promise<void>;
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Bytes that differ everywhere: repeats only after 251 x 256. */
export const pattern = (length: number, salt = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (i % 251) ^ ((i >>> 8) & 255) ^ salt);

/** Compares without the cost of a diff of a million elements. */
export function expectBytes(found: Uint8Array, expected: Uint8Array): void {
  expect(found.length).toBe(expected.length);
  expect(found.findIndex((byte, i) => byte !== expected[i])).toBe(-1);
}

const code = (expected: string) => expect.objectContaining({ name: 'ElanusError', code: expected });

/** `makeFactory` is called once per test. */
export function storeSuite(title: string, makeFactory: () => StoreFactory): void {
  describe(title, () => {
    const opened: Store[] = [];
    let factory: StoreFactory | null = null;

    const open = async (options?: { readOnly?: boolean }): Promise<Store> => {
      factory ??= makeFactory();
      const store = await factory.open(options);
      opened.push(store);
      return store;
    };

    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
      await factory?.remove();
      factory = null;
    });

    describe('files', () => {
      test('what was written is read back, whole and in part', async () => {
        const store = await open();
        await store.write('a.seg', [bytesOf('hello '), bytesOf(''), bytesOf('world')]);
        expect(textOf(await store.read('a.seg'))).toBe('hello world');
        expect(textOf(await store.read('a.seg', 6))).toBe('world');
        expect(textOf(await store.read('a.seg', 4, 7))).toBe('o w');
        expect((await store.read('a.seg', 3, 3)).length).toBe(0);
        expect(await store.size('a.seg')).toBe(11);
        expect(await store.list()).toEqual(['a.seg']);
      });

      test('a file of several megabytes in chunks that fit no boundary', async () => {
        const store = await open();
        const whole = pattern(3_500_001);
        async function* chunks(): AsyncIterable<Uint8Array> {
          for (let at = 0; at < whole.length; at += 333_333) yield whole.subarray(at, at + 333_333);
        }
        await store.write('big', chunks());
        expect(await store.size('big')).toBe(whole.length);
        expectBytes(await store.read('big'), whole);
        for (const [from, to] of [[0, 1], [1_048_575, 1_048_577], [2_000_000, 3_500_001], [1_048_576, 2_097_152], [3_500_000, 3_500_001]]) {
          expectBytes(await store.read('big', from, to), whole.subarray(from, to));
        }
      });

      test('what can be read at once is what a read answers', async () => {
        const store = await open();
        const whole = pattern(200_001);
        await store.write('a', [whole]);
        await store.read('a', 0, 1);
        for (const [from, to] of [[0, 1], [7, 200_001], [65_535, 65_537], [5, 5]]) {
          const length = to - from;
          const target = new Uint8Array(2 * length + 2).fill(9);
          if (!store.readNow('a', [from, 0], length, target.subarray(1, -1))) continue;
          expectBytes(target, Uint8Array.from([9, ...whole.subarray(from, to), ...whole.subarray(0, length), 9]));
        }
        const past = (): boolean => store.readNow('a', [0, 200_000], 2, new Uint8Array(4));
        if (store.readNow('a', [0], 1, new Uint8Array(1))) expect(past).toThrow(code('CORRUPT'));
        else expect(past()).toBe(false);
        await store.remove('a');
        const gone = (): boolean => store.readNow('a', [0], 1, new Uint8Array(1));
        try {
          expect(gone()).toBe(false);
        } catch (error) {
          expect(error).toEqual(code('NOT_FOUND'));
        }
      });

      test('a read answers a buffer of its own, fit for any typed array', async () => {
        const store = await open();
        await store.write('a', [pattern(64)]);
        const first = await store.read('a', 3, 11);
        expect([first.byteOffset, first.buffer.byteLength]).toEqual([0, 8]);
        first.fill(0);
        expectBytes(await store.read('a', 3, 11), pattern(64).subarray(3, 11));
      });

      test('the chunks are copied: their buffers may be used again', async () => {
        const store = await open();
        const reused = new Uint8Array(3);
        function* chunks(): Iterable<Uint8Array> {
          for (const text of ['one', 'two']) {
            reused.set(bytesOf(text));
            yield reused;
          }
        }
        await store.write('a', chunks());
        reused.fill(0);
        expect(textOf(await store.read('a'))).toBe('onetwo');
      });

      test('an empty file is a file', async () => {
        const store = await open();
        await store.write('empty', []);
        expect(await store.size('empty')).toBe(0);
        expect((await store.read('empty')).length).toBe(0);
        expect(await store.list()).toEqual(['empty']);
      });

      test('a name that is taken is ALREADY_EXISTS, and the file there stays as it was', async () => {
        const store = await open();
        await store.write('a', [bytesOf('first')]);
        await expect(store.write('a', [bytesOf('second')])).rejects.toEqual(code('ALREADY_EXISTS'));
        expect(textOf(await store.read('a'))).toBe('first');
      });

      test('of two writes of one name at once, one wins whole', async () => {
        const store = await open();
        const outcomes = await Promise.allSettled([store.write('a', [pattern(100_000, 1)]), store.write('a', [pattern(100_000, 2)])]);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        expectBytes(await store.read('a'), pattern(100_000, outcomes[0].status === 'fulfilled' ? 1 : 2));
      });

      test('a source that fails leaves nothing, and its error comes through', async () => {
        const store = await open();
        const cause = new Error('the source failed');
        function* chunks(): Iterable<Uint8Array> {
          yield pattern(2_000_000);
          throw cause;
        }
        await expect(store.write('a', chunks())).rejects.toBe(cause);
        expect(await store.list()).toEqual([]);
        await expect(store.read('a')).rejects.toEqual(code('NOT_FOUND'));
        await store.write('a', [bytesOf('again')]);
        expect(textOf(await store.read('a'))).toBe('again');
      });

      test('a file under way is not shown', async () => {
        const store = await open();
        let shown: string[] | null = null;
        async function* chunks(): AsyncIterable<Uint8Array> {
          yield pattern(2_000_000);
          shown = await store.list();
          yield pattern(10);
        }
        await store.write('a', chunks());
        expect(shown).toEqual([]);
        expect(await store.list()).toEqual(['a']);
      });

      test('no such file is NOT_FOUND; a range beyond the end is CORRUPT', async () => {
        const store = await open();
        await expect(store.read('none')).rejects.toEqual(code('NOT_FOUND'));
        await expect(store.size('none')).rejects.toEqual(code('NOT_FOUND'));
        await store.write('a', [pattern(10)]);
        await expect(store.read('a', 5, 11)).rejects.toEqual(code('CORRUPT'));
        await expect(store.read('a', 11)).rejects.toEqual(code('INVALID_ARGUMENT'));
        await expect(store.read('a', 6, 5)).rejects.toEqual(code('INVALID_ARGUMENT'));
        await expect(store.read('a', -1, 5)).rejects.toEqual(code('INVALID_ARGUMENT'));
      });

      test('remove takes the file away, makes its name free, and does not mind when there is none', async () => {
        const store = await open();
        await store.write('a', [pattern(100)]);
        await store.read('a');
        await store.remove('a');
        await store.remove('a');
        expect(await store.list()).toEqual([]);
        await expect(store.read('a')).rejects.toEqual(code('NOT_FOUND'));
        await store.write('a', [bytesOf('new')]);
        expect(textOf(await store.read('a'))).toBe('new');
      });

      test.each(['', '.', '..', '../a', 'a/b', 'a\\b', 'ä', 'a\0', '.hidden', 'x'.repeat(129)])('the name %j is refused', async (name) => {
        const store = await open();
        await expect(store.write(name, [])).rejects.toEqual(code('INVALID_ARGUMENT'));
        await expect(store.read(name)).rejects.toEqual(code('INVALID_ARGUMENT'));
        await expect(store.remove(name)).rejects.toEqual(code('INVALID_ARGUMENT'));
        await expect(store.logs.append(name, pattern(1))).rejects.toEqual(code('INVALID_ARGUMENT'));
        await expect(store.logs.read(name)).rejects.toEqual(code('INVALID_ARGUMENT'));
        await expect(store.logs.drop(name)).rejects.toEqual(code('INVALID_ARGUMENT'));
      });

      test('many reads at once', async () => {
        const store = await open();
        const whole = pattern(200_000);
        for (let i = 0; i < 5; i++) await store.write(`f${i}`, [whole]);
        const reads = Array.from({ length: 100 }, (_, i) => store.read(`f${i % 5}`, i * 1_000, i * 1_000 + 700));
        for (const [i, found] of (await Promise.all(reads)).entries()) expectBytes(found, whole.subarray(i * 1_000, i * 1_000 + 700));
      });
    });

    describe('logs', () => {
      test('a log is born by its first append and grows in order', async () => {
        const store = await open();
        expect((await store.logs.read('a.log')).length).toBe(0);
        expect(await store.logs.list()).toEqual([]);
        await store.logs.append('a.log', bytesOf('one '));
        await store.logs.append('a.log', bytesOf('two '), true);
        await store.logs.sync('a.log');
        await store.logs.append('a.log', bytesOf('three'));
        expect(textOf(await store.logs.read('a.log'))).toBe('one two three');
        expect(await store.logs.list()).toEqual(['a.log']);
        expect(await store.list()).toEqual([]);
      });

      test('appends that overlap keep the order of their calls', async () => {
        const store = await open();
        await Promise.all(Array.from({ length: 50 }, (_, i) => store.logs.append('a', bytesOf(`${i},`), i % 7 === 0)));
        expect(textOf(await store.logs.read('a'))).toBe(Array.from({ length: 50 }, (_, i) => `${i},`).join(''));
      });

      test('the buffer may be used again once an append resolved', async () => {
        const store = await open();
        const reused = bytesOf('one');
        await store.logs.append('a', reused);
        reused.set(bytesOf('two'));
        await store.logs.append('a', reused);
        reused.fill(0);
        expect(textOf(await store.logs.read('a'))).toBe('onetwo');
      });

      test('a view into a larger buffer appends only itself', async () => {
        const store = await open();
        await store.logs.append('a', pattern(3_000_000).subarray(1_000, 1_010));
        expectBytes(await store.logs.read('a'), pattern(1_010).subarray(1_000));
      });

      test('a large append comes back whole', async () => {
        const store = await open();
        const large = pattern(5_000_000);
        await store.logs.append('a', bytesOf('x'));
        await store.logs.append('a', large, true);
        expectBytes((await store.logs.read('a')).subarray(1), large);
      });

      test('calls on one log take effect in their order, awaited or not', async () => {
        const store = await open();
        const large = pattern(3_000_000);
        const { logs } = store;
        const [, , , first] = await Promise.all([logs.append('a', large), logs.drop('a'), logs.append('a', bytesOf('one')), logs.read('a'), logs.append('a', bytesOf('two'))]);
        expectBytes(first, bytesOf('one'));
        expectBytes(await logs.read('a'), bytesOf('onetwo'));
      });

      test('drop removes a log; another of that name begins empty', async () => {
        const store = await open();
        await store.logs.append('a', bytesOf('old'), true);
        await store.logs.append('b', bytesOf('kept'), true);
        await store.logs.drop('a');
        await store.logs.drop('a');
        expect(await store.logs.list()).toEqual(['b']);
        expect((await store.logs.read('a')).length).toBe(0);
        await store.logs.append('a', bytesOf('new'));
        expect(textOf(await store.logs.read('a'))).toBe('new');
        expect(textOf(await store.logs.read('b'))).toBe('kept');
      });

      test('logs whose names begin alike are apart', async () => {
        const store = await open();
        await store.logs.append('c1-1.log', bytesOf('a'));
        await store.logs.append('c1-10.log', bytesOf('b'));
        await store.logs.append('c1-1.logx', bytesOf('c'));
        expect(textOf(await store.logs.read('c1-1.log'))).toBe('a');
        await store.logs.drop('c1-1.log');
        expect(textOf(await store.logs.read('c1-10.log'))).toBe('b');
        expect(textOf(await store.logs.read('c1-1.logx'))).toBe('c');
      });

      test('files and logs have names of their own', async () => {
        const store = await open();
        await store.write('same', [bytesOf('file')]);
        await store.logs.append('same', bytesOf('log'));
        await store.remove('same');
        expect(textOf(await store.logs.read('same'))).toBe('log');
      });

      test('sync of a log that is not there does nothing', async () => {
        const store = await open();
        await store.logs.sync('none');
        expect(await store.logs.list()).toEqual([]);
      });
    });

    describe('root', () => {
      test('is null until it is first written', async () => {
        const store = await open();
        expect(await store.root.read()).toBeNull();
        await store.root.swap(null, bytesOf('one'));
        expect(textOf((await store.root.read())!)).toBe('one');
      });

      test('is replaced only by who knows what was there', async () => {
        const store = await open();
        await store.root.swap(null, bytesOf('one'));
        await store.root.swap(bytesOf('one'), bytesOf('two'));
        await expect(store.root.swap(bytesOf('one'), bytesOf('three'))).rejects.toEqual(code('LOCKED'));
        await expect(store.root.swap(null, bytesOf('three'))).rejects.toEqual(code('LOCKED'));
        await expect(store.root.swap(bytesOf('two '), bytesOf('three'))).rejects.toEqual(code('LOCKED'));
        expect(textOf((await store.root.read())!)).toBe('two');
      });

      test('of two swaps at once, one wins', async () => {
        const store = await open();
        await store.root.swap(null, bytesOf('one'));
        const outcomes = await Promise.allSettled([store.root.swap(bytesOf('one'), bytesOf('a')), store.root.swap(bytesOf('one'), bytesOf('b'))]);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        expect(textOf((await store.root.read())!)).toBe(outcomes[0].status === 'fulfilled' ? 'a' : 'b');
      });

      test('is neither a file nor a log', async () => {
        const store = await open();
        await store.root.swap(null, bytesOf('one'));
        expect(await store.list()).toEqual([]);
        expect(await store.logs.list()).toEqual([]);
      });
    });

    describe('lock', () => {
      test('is held by one at a time', async () => {
        const store = await open();
        const lock = await store.lock();
        await expect(store.lock()).rejects.toEqual(code('LOCKED'));
        const other = await open();
        await expect(other.lock()).rejects.toEqual(code('LOCKED'));
        await lock.release();
        const second = await other.lock();
        await lock.release();
        await expect(store.lock()).rejects.toEqual(code('LOCKED'));
        await second.release();
      });

      test('is given back by close', async () => {
        const store = await open();
        await store.lock();
        await store.close();
        const lock = await (await open()).lock();
        await lock.release();
      });

      test('of many that ask at once, one gets it', async () => {
        const stores = await Promise.all(Array.from({ length: 5 }, () => open()));
        const outcomes = await Promise.allSettled(stores.map((store) => store.lock()));
        expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1);
      });
    });

    describe('opening again', () => {
      test('everything is still there', async () => {
        const store = await open();
        await store.write('a', [pattern(1_500_000)]);
        await store.logs.append('l', bytesOf('one'), true);
        await store.root.swap(null, bytesOf('root'));
        await store.close();
        const again = await open();
        expectBytes(await again.read('a'), pattern(1_500_000));
        await again.logs.append('l', bytesOf(' two'), true);
        expect(textOf(await again.logs.read('l'))).toBe('one two');
        expect(textOf((await again.root.read())!)).toBe('root');
        expect(await again.list()).toEqual(['a']);
      });

      test('what was removed and dropped is still gone', async () => {
        const store = await open();
        await store.write('a', [pattern(10)]);
        await store.logs.append('l', bytesOf('one'), true);
        await store.remove('a');
        await store.logs.drop('l');
        await store.close();
        const again = await open();
        expect(await again.list()).toEqual([]);
        expect(await again.logs.list()).toEqual([]);
      });

      test('a reader beside a writer sees what is finished', async () => {
        const writer = await open();
        await writer.write('a', [pattern(10)]);
        const reader = await open();
        await writer.write('b', [pattern(20)]);
        await writer.logs.append('l', bytesOf('one'), true);
        await writer.root.swap(null, bytesOf('root'));
        expect((await reader.list()).sort()).toEqual(['a', 'b']);
        expect(textOf(await reader.logs.read('l'))).toBe('one');
        expect(textOf((await reader.root.read())!)).toBe('root');
      });

      test('read-only reads everything, writes nothing and asks for no lock', async () => {
        const writer = await open();
        await writer.lock();
        await writer.write('a', [pattern(10)]);
        await writer.logs.append('l', bytesOf('one'), true);
        await writer.root.swap(null, bytesOf('root'));
        const reader = await open({ readOnly: true });
        expectBytes(await reader.read('a'), pattern(10));
        expect(textOf(await reader.logs.read('l'))).toBe('one');
        expect(textOf((await reader.root.read())!)).toBe('root');
        for (const attempt of [
          () => reader.write('b', []),
          () => reader.remove('a'),
          () => reader.logs.append('l', bytesOf('two')),
          () => reader.logs.drop('l'),
          () => reader.root.swap(bytesOf('root'), bytesOf('other')),
          () => reader.lock(),
          () => reader.destroy(),
        ]) {
          await expect(attempt()).rejects.toEqual(code('READ_ONLY'));
        }
        expect(await writer.list()).toEqual(['a']);
        expect(textOf(await writer.logs.read('l'))).toBe('one');
      });
    });

    test('estimate counts what is there', async () => {
      const store = await open();
      await store.write('a', [pattern(100_000)]);
      const { usage, quota } = await store.estimate();
      expect(usage).toBeGreaterThanOrEqual(0);
      expect(quota === null || quota > 0).toBe(true);
    });

    test('a closed store refuses with CLOSED; closing twice is closing', async () => {
      const store = await open();
      await store.write('a', [pattern(10)]);
      await store.close();
      await store.close();
      for (const attempt of [
        () => store.read('a'),
        () => store.size('a'),
        () => store.list(),
        () => store.write('b', []),
        () => store.remove('a'),
        () => store.logs.append('l', pattern(1)),
        () => store.logs.read('l'),
        () => store.logs.sync('l'),
        () => store.logs.list(),
        () => store.root.read(),
        () => store.root.swap(null, pattern(1)),
        () => store.lock(),
        () => store.estimate(),
      ]) {
        await expect(attempt()).rejects.toEqual(code('CLOSED'));
      }
    });

    test('destroy removes everything and closes', async () => {
      const store = await open();
      await store.write('a', [pattern(10)]);
      await store.logs.append('l', bytesOf('one'), true);
      await store.root.swap(null, bytesOf('root'));
      const lock = await store.lock();
      await store.destroy();
      await lock.release();
      await expect(store.list()).rejects.toEqual(code('CLOSED'));
      const again = await open();
      expect(await again.list()).toEqual([]);
      expect(await again.logs.list()).toEqual([]);
      expect(await again.root.read()).toBeNull();
    });
  });
}
