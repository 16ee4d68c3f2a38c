/**
 * What a store must do whose database several tabs use at once. Host-neutral, as `store.ts` beside it: over IndexedDB in a
 * browser, and over the memory that stands for it in tests of the engine.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { SharedAccess, SharedAppendOptions } from '../../src/storage/shared/shared.ts';
import type { Store } from '../../src/storage/store.ts';
import { crc32c } from '../../src/util/crc32c.ts';
import { bytesOf, expectBytes, pattern } from './store.ts';

export interface SharedFactory {
  /** Opens the medium of this test; each call is another tab. */
  open(): Promise<Store>;
  remove(): Promise<void>;
}

const OPTIONS: SharedAppendOptions = { isDurable: true, after: 0n, birth: { generation: 1, nextAutoId: 1n } };

const draft = (payload: Uint8Array, autoIds = 0, ifSequence?: number) => ({ payload, payloadCrc: crc32c(payload), autoIds, ...(ifSequence === undefined ? {} : { ifSequence }) });
const code = (expected: string) => expect.objectContaining({ name: 'ElanusError', code: expected });
const later = (ms: number): Promise<'later'> => new Promise((resolve) => setTimeout(() => resolve('later'), ms));

export function sharedSuite(title: string, makeFactory: () => SharedFactory): void {
  describe(title, () => {
    const opened: Store[] = [];
    let factory: SharedFactory | null = null;
    const open = async (): Promise<SharedAccess> => {
      factory ??= makeFactory();
      const store = await factory.open();
      opened.push(store);
      return store.shared!;
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
      await factory?.remove();
      factory = null;
    });

    describe('logs', () => {
      test('appends of several tabs stand in one order, each with a later time', async () => {
        const tabs = [await open(), await open(), await open()];
        const places = (await Promise.all(Array.from({ length: 30 }, (_, i) => tabs[i % 3]!.logs.append(7, [draft(bytesOf(`a${i}`)), draft(bytesOf(`b${i}`))], { ...OPTIONS, isDurable: i % 5 === 0 })))).flat();
        const { head, records } = (await tabs[1]!.logs.read(7, 1, 0))!;
        expect(records.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
        expect(head).toEqual({ generation: 1, firstGeneration: 1, sequence: 60, nextAutoId: 1n, isEnded: false });
        for (let i = 1; i < records.length; i++) expect(records[i]!.timestamp > records[i - 1]!.timestamp).toBe(true);
        for (const [i, place] of places.entries()) {
          const record = records[place!.sequence - 1]!;
          expect(record).toMatchObject({ ...place!, collectionId: 7 });
          expect(new TextDecoder().decode(record.payload)).toBe(`${i % 2 === 0 ? 'a' : 'b'}${i >> 1}`);
        }
        expect(await tabs[2]!.logs.lastSequence(7)).toBe(60);
      });

      test('a read answers what is behind a position, and nothing of a log that is not there', async () => {
        const { logs } = await open();
        expect(await logs.read(1, 1, 0)).toBeNull();
        expect(await logs.lastSequence(1)).toBe(0);
        await logs.append(1, [draft(bytesOf('one')), draft(bytesOf('two')), draft(bytesOf('three'))], OPTIONS);
        expect((await logs.read(1, 1, 2))!.records.map(({ sequence }) => sequence)).toEqual([3]);
        expect((await logs.read(1, 1, 3))!.records).toEqual([]);
        expect((await logs.read(1, 1, 3))!.head.sequence).toBe(3);
      });

      test('times are later than asked for, across collections, and than the clock', async () => {
        const [one, two] = [await open(), await open()];
        const far = (BigInt(Date.now()) + 3_600_000n) << 18n;
        const [first] = await one.logs.append(1, [draft(bytesOf('x'))], { ...OPTIONS, after: far });
        expect(first!.timestamp).toBe(far + 1n);
        const [second] = await two.logs.append(2, [draft(bytesOf('y'))], OPTIONS);
        expect(second!.timestamp).toBe(far + 2n);
        expect(await two.logs.tick(0n)).toBe(far + 3n);
        expect(await one.logs.tick(far + 9n)).toBe(far + 10n);
      });

      test('auto ids are given out once', async () => {
        const [one, two] = [await open(), await open()];
        const birth = { generation: 4, nextAutoId: 100n };
        const places = [
          ...(await one.logs.append(1, [draft(bytesOf('x'), 3), draft(bytesOf('y')), draft(bytesOf('z'), 1)], { ...OPTIONS, birth })),
          ...(await two.logs.append(1, [draft(bytesOf('x'), 5)], { ...OPTIONS, birth: { generation: 1, nextAutoId: 1n } })),
        ];
        expect(places.map((place) => place!.firstAutoId)).toEqual([100n, 0n, 103n, 104n]);
        expect(places.map((place) => place!.generation)).toEqual([4, 4, 4, 4]);
        expect((await one.logs.read(1, 4, 0))!.head.nextAutoId).toBe(109n);
      });

      test('an append with a condition is made only where nothing came between', async () => {
        const [one, two] = [await open(), await open()];
        await one.logs.append(1, [draft(bytesOf('x'))], OPTIONS);
        expect(await two.logs.append(1, [draft(bytesOf('late'), 2, 0), draft(bytesOf('good'), 1, 1), draft(bytesOf('late'), 0, 1)], OPTIONS)).toEqual([null, expect.objectContaining({ sequence: 2, firstAutoId: 1n }), null]);
        expect((await one.logs.read(1, 1, 0))!.records.map(({ payload }) => new TextDecoder().decode(payload))).toEqual(['x', 'good']);
      });

      test('a generation is closed once another has begun, and goes as a whole', async () => {
        const [one, two] = [await open(), await open()];
        await one.logs.append(1, [draft(bytesOf('a'))], OPTIONS);
        expect(await two.logs.rotate(1, OPTIONS.birth)).toBe(2);
        expect(await one.logs.append(1, [draft(bytesOf('b'))], OPTIONS)).toMatchObject([{ generation: 2, sequence: 2 }]);
        for (let generation = 3; generation <= 11; generation++) expect(await two.logs.rotate(1, OPTIONS.birth)).toBe(generation);
        await one.logs.append(1, [draft(bytesOf('c'))], OPTIONS);
        expect((await one.logs.read(1, 1, 0))!.records.map(({ generation }) => generation)).toEqual([1, 2, 11]);
        await two.logs.drop(1, 2);
        await two.logs.drop(1, 1);
        const { head, records } = (await one.logs.read(1, 1, 0))!;
        expect(head).toMatchObject({ generation: 11, firstGeneration: 2, sequence: 3 });
        expect(records.map(({ sequence }) => sequence)).toEqual([2, 3]);
        expect((await one.logs.read(1, 3, 0))!.records.map(({ sequence }) => sequence)).toEqual([3]);
        expect(await two.logs.rotate(9, { generation: 5, nextAutoId: 1n })).toBe(6);
      });

      test('a log that is held takes nothing until it is let go', async () => {
        const [one, two] = [await open(), await open()];
        await one.logs.append(1, [draft(bytesOf('a')), draft(bytesOf('b'))], OPTIONS);
        await two.logs.hold(1, OPTIONS.birth);
        await two.logs.hold(1, OPTIONS.birth);
        await expect(one.logs.append(1, [draft(bytesOf('d'))], OPTIONS)).rejects.toEqual(code('UNAVAILABLE'));
        expect((await one.logs.read(1, 1, 1))!).toMatchObject({ head: { sequence: 2, isHeld: true }, records: [{ sequence: 2 }] });
        // It is sealed and moved on like any other.
        expect(await two.logs.rotate(1, OPTIONS.birth)).toBe(2);
        await expect(one.logs.append(1, [draft(bytesOf('d'))], OPTIONS)).rejects.toEqual(code('UNAVAILABLE'));
        await one.logs.letGo(1);
        await one.logs.letGo(1);
        await one.logs.letGo(8);
        expect(await one.logs.append(1, [draft(bytesOf('d'))], OPTIONS)).toMatchObject([{ sequence: 3 }]);
        expect((await one.logs.read(1, 1, 2))!.head).toEqual({ generation: 2, firstGeneration: 1, sequence: 3, nextAutoId: 1n, isEnded: false });
        // One that nobody has written to yet, and one that was ended.
        await two.logs.hold(2, OPTIONS.birth);
        await expect(one.logs.append(2, [draft(bytesOf('a'))], OPTIONS)).rejects.toEqual(code('UNAVAILABLE'));
        await two.logs.end(2);
        await expect(one.logs.append(2, [draft(bytesOf('a'))], OPTIONS)).rejects.toEqual(code('NOT_FOUND'));
        await expect(two.logs.hold(2, OPTIONS.birth)).rejects.toEqual(code('NOT_FOUND'));
      });

      test('a log that was ended is empty and stays so', async () => {
        const [one, two] = [await open(), await open()];
        await one.logs.append(1, [draft(bytesOf('a'))], OPTIONS);
        await one.logs.append(2, [draft(bytesOf('b'))], OPTIONS);
        expect((await two.logs.list()).sort()).toEqual([1, 2]);
        await two.logs.end(1);
        await two.logs.end(1);
        await two.logs.end(3);
        expect(await two.logs.list()).toEqual([2]);
        await expect(one.logs.append(1, [draft(bytesOf('c'))], OPTIONS)).rejects.toEqual(code('NOT_FOUND'));
        await expect(one.logs.rotate(3, OPTIONS.birth)).rejects.toEqual(code('NOT_FOUND'));
        expect((await one.logs.read(1, 1, 0))!).toMatchObject({ head: { isEnded: true }, records: [] });
        expect((await one.logs.read(2, 1, 0))!.records.length).toBe(1);
      });

      test('a long record comes back whole, between short ones, and apart from the buffer it was in', async () => {
        const { logs } = await open();
        const long = pattern(17_000_003);
        await logs.append(1, [draft(bytesOf('a')), draft(long), draft(new Uint8Array(0)), draft(pattern(3_000_000).subarray(1_000, 1_010))], OPTIONS);
        const { records } = (await logs.read(1, 1, 0))!;
        expect(records.map(({ payload }) => payload.length)).toEqual([1, long.length, 0, 10]);
        expectBytes(records[1]!.payload, long);
        expectBytes(records[3]!.payload, pattern(1_010).subarray(1_000));
        expect((await logs.read(1, 1, 2))!.records.map(({ sequence }) => sequence)).toEqual([3, 4]);
      });
    });

    describe('peers', () => {
      test('one leads at a time, and those who wait follow in order', async () => {
        const [one, two, three] = [await open(), await open(), await open()];
        const lease = (await one.peers.lead())!;
        expect(await two.peers.lead({ ifAvailable: true })).toBeNull();
        const second = two.peers.lead();
        await later(20);
        const third = three.peers.lead();
        expect(await Promise.race([second, third, later(30)])).toBe('later');
        await lease.release();
        const lease2 = (await second)!;
        expect(await Promise.race([third, later(30)])).toBe('later');
        await lease2.release();
        await (await third)!.release();
      });

      test('who no longer wants to wait is ABORTED and does not stand in the way', async () => {
        const [one, two, three] = [await open(), await open(), await open()];
        const lease = (await one.peers.lead())!;
        const abort = new AbortController();
        const waiting = two.peers.lead({ signal: abort.signal });
        await later(20);
        abort.abort();
        await expect(waiting).rejects.toEqual(code('ABORTED'));
        await lease.release();
        await (await three.peers.lead())!.release();
      });

      test('who is robbed hears of it, and cannot give back what another has', async () => {
        const [one, two, three] = [await open(), await open(), await open()];
        const lease = (await one.peers.lead())!;
        expect(await Promise.race([lease.lost, later(30)])).toBe('later');
        const stolen = (await two.peers.lead({ steal: true }))!;
        await lease.lost;
        await lease.release();
        expect(await three.peers.lead({ ifAvailable: true })).toBeNull();
        await stolen.release();
        await (await three.peers.lead())!.release();
      });

      test('the least version in use is known, also of tabs that have closed', async () => {
        const one = await open();
        const two = await open();
        expect(await one.peers.oldestVersion()).toBe(Infinity);
        const five = await one.peers.holdVersion(5);
        const nine = await two.peers.holdVersion(9);
        const fiveAgain = await two.peers.holdVersion(5);
        expect(await two.peers.oldestVersion()).toBe(5);
        five();
        await later(20);
        expect(await two.peers.oldestVersion()).toBe(5);
        fiveAgain();
        await later(20);
        expect(await one.peers.oldestVersion()).toBe(9);
        nine();
        await later(20);
        expect(await one.peers.oldestVersion()).toBe(Infinity);
      });

      test('a message reaches all others and not its sender', async () => {
        const [one, two, three] = [await open(), await open(), await open()];
        const heard: unknown[] = [];
        const stop = [one, two, three].map(({ peers }, i) => peers.onMessage((message) => heard.push([i, message])));
        one.peers.post({ kind: 'log', bytes: Uint8Array.of(1) });
        await later(100);
        expect(heard.sort()).toEqual([[1, { kind: 'log', bytes: Uint8Array.of(1) }], [2, { kind: 'log', bytes: Uint8Array.of(1) }]]);
        stop.forEach((end) => end());
        two.peers.post('unheard');
        await later(50);
        expect(heard.length).toBe(2);
      });
    });
  });
}
