import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { encodePreamble } from '../../src/storage/preamble.ts';
import type { Store } from '../../src/storage/store.ts';
import { LogWriter, RECORD_BYTES_MAX, readLog, salvageLog } from '../../src/storage/wal/index.ts';
import { expectBytes, pattern } from '../contract/store.ts';
import { faultStore, type Fault } from '../support/fault-store.ts';
import { random as seeded } from '../support/random.ts';

const NAME = 'c1-1.log';
const HEADER = new Uint8Array([7, 8, 9]);
const BLOCK = 32_768;
/** Preamble, head and tail of the header's fragment. */
const HEADER_END = 16 + 12 + HEADER.length;

/** A log's bytes; `group` appends all records at once, otherwise one after another. */
async function logOf(records: readonly Uint8Array[], { isEnded = false, group = false } = {}): Promise<Uint8Array> {
  const store = openMemoryStore();
  const writer = await LogWriter.create(store, NAME, HEADER, 'strict');
  if (group) await Promise.all(records.map((record) => writer.append(record)));
  else for (const record of records) await writer.append(record);
  if (isEnded) await writer.end();
  const bytes = await store.logs.read(NAME);
  expect(writer.byteLength).toBe(bytes.length);
  return bytes;
}

const areSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
/** Whether the first are the beginning of the second, byte for byte. */
const isPrefix = (found: readonly Uint8Array[], records: readonly Uint8Array[]): boolean => found.length <= records.length && found.every((record, i) => areSame(record, records[i]));

function codeOf(attempt: () => unknown): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('wal > writing and reading', () => {
  test('records come back in order, whatever their sizes', async () => {
    const records = [0, 1, 100, BLOCK - 100, BLOCK, 0, 3 * BLOCK + 17, 5, BLOCK - 12, BLOCK - 24].map((length, i) => pattern(length, i));
    for (const group of [false, true]) {
      const log = readLog(NAME, await logOf(records, { group }), {})!;
      expect(isPrefix(log.records, records) && log.records.length === records.length).toBe(true);
      expectBytes(log.header, HEADER);
      expect({ ended: log.ended, droppedBytes: log.droppedBytes, damage: log.damage }).toEqual({ ended: false, droppedBytes: 0, damage: null });
    }
  });

  test('appended one by one or as a group, the bytes are as many', async () => {
    const records = [10, 0, 40_000, 32_000, 700, 33_000].map((length, i) => pattern(length, i));
    expect((await logOf(records, { group: true })).length).toBe((await logOf(records)).length);
  });

  test('records that end anywhere near a block end', async () => {
    // The first record's length walks over every case of the room left in block 0.
    for (let left = 0; left < 40; left++) {
      const records = [pattern(BLOCK - 16 - 15 - 12 - left), pattern(50), new Uint8Array(0)];
      const log = readLog(NAME, await logOf(records, { isEnded: true }), {})!;
      expect(isPrefix(log.records, records) && log.records.length === 3, `${left} bytes left`).toBe(true);
      expect(log.ended).toBe(true);
    }
  });

  test('any records at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.nat(60), fc.nat(70_000)), { maxLength: 12 }), fc.boolean(), async (lengths, isEnded) => {
        const records = lengths.map((length, i) => pattern(length, i));
        const bytes = await logOf(records, { isEnded, group: true });
        const log = readLog(NAME, bytes, {});
        if (records.length === 0) expect(log).toBeNull();
        else expect(isPrefix(log!.records, records) && log!.records.length === records.length && log!.ended === isEnded && log!.validBytes === bytes.length).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('a record of many megabytes goes out in pieces and comes back whole', async () => {
    const large = pattern(20_000_000);
    const store = faultStore(openMemoryStore());
    const writer = await LogWriter.create(store, NAME, HEADER, 'strict');
    await writer.append(large);
    expect(store.calls.length).toBeGreaterThan(3);
    expectBytes(readLog(NAME, await store.logs.read(NAME), {})!.records[0], large);
  });

  test('a record of more than 256 MiB is refused and harms nothing', async () => {
    const writer = await LogWriter.create(openMemoryStore(), NAME, HEADER, 'strict');
    await expect(writer.append(new Uint8Array(RECORD_BYTES_MAX + 1))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await writer.append(new Uint8Array(1));
    expect(writer.failed).toBeNull();
  });

  test('a writer that wrote nothing leaves nothing, and an empty log is null', async () => {
    const store = openMemoryStore();
    const writer = await LogWriter.create(store, NAME, HEADER, 'strict');
    await writer.sync();
    await writer.end();
    expect(await store.logs.list()).toEqual([]);
    expect(readLog(NAME, new Uint8Array(0), {})).toBeNull();
  });

  test('the name of a log that is there is ALREADY_EXISTS', async () => {
    const store = openMemoryStore();
    await store.logs.append(NAME, new Uint8Array(1));
    await expect(LogWriter.create(store, NAME, HEADER, 'strict')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  test('after end, appends are CLOSED', async () => {
    const writer = await LogWriter.create(openMemoryStore(), NAME, HEADER, 'strict');
    await writer.append(pattern(3));
    await writer.end();
    await expect(writer.append(pattern(3))).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(writer.end()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('wal > durability', () => {
  test('strict: what was acknowledged survives a power loss; unacknowledged records survive whole or not at all', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seeded(seed);
      const medium = new MemoryMedium();
      const store = faultStore(openMemoryStore({ medium }), { seed, at: 1 + Math.floor(random() * 12), fault: 'power-loss' });
      const writer = await LogWriter.create(store, NAME, HEADER, 'strict');
      const records: Uint8Array[] = [];
      let acknowledged = 0;
      try {
        for (let i = 0; i < 20; i++) {
          records.push(pattern(Math.floor(random() * 20_000), i));
          await writer.append(records[i]);
          acknowledged++;
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'STORAGE' });
      }
      const log = readLog(NAME, await openMemoryStore({ medium }).logs.read(NAME), {});
      expect(isPrefix(log?.records ?? [], records) && (log?.records.length ?? 0) >= acknowledged, `seed ${seed}`).toBe(true);
    }
  });

  test('strict: so it is where sectors reach the disk in any order', async () => {
    let lost = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const random = seeded(seed);
      const medium = new MemoryMedium();
      const store = faultStore(openMemoryStore({ medium }), { seed, at: 1 + Math.floor(random() * 8), fault: 'power-loss', isReordered: true });
      const writer = await LogWriter.create(store, NAME, HEADER, 'strict');
      const records: Uint8Array[] = [];
      const acknowledged: number[] = [];
      // Several at a time, so that what is not durable is of several records.
      for (let i = 0; i < 24; i += 3) {
        const group = [0, 1, 2].map((j) => pattern(Math.floor(random() * 3_000), i + j));
        records.push(...group);
        const done = await Promise.allSettled(group.map((record) => writer.append(record)));
        done.forEach(({ status }, j) => status === 'fulfilled' && acknowledged.push(i + j));
      }
      const bytes = await openMemoryStore({ medium }).logs.read(NAME);
      const log = readLog(NAME, bytes, {});
      expect(isPrefix(log?.records ?? [], records) && (log?.records.length ?? 0) >= acknowledged.length, `seed ${seed}`).toBe(true);
      if (log && log.droppedBytes > 0 && bytes.at(-1) !== 0) lost++;
    }
    expect(lost, 'power losses that kept later sectors than they lost').toBeGreaterThan(20);
  });

  test('relaxed: a power loss leaves a prefix of whole records, at least those before the last sync', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seeded(seed);
      const medium = new MemoryMedium();
      const store = faultStore(openMemoryStore({ medium }), { seed });
      const writer = await LogWriter.create(store, NAME, HEADER, 'relaxed');
      const records = Array.from({ length: 15 }, (_, i) => pattern(Math.floor(random() * 9_000), i));
      for (const [i, record] of records.entries()) {
        await writer.append(record);
        if (i === 6) await writer.sync();
      }
      await store.powerLoss();
      const log = readLog(NAME, await openMemoryStore({ medium }).logs.read(NAME), {})!;
      expect(isPrefix(log.records, records) && log.records.length >= 7, `seed ${seed}`).toBe(true);
    }
  });

  test('concurrent appends share their syncs, in the order of the calls', async () => {
    const store = faultStore(slowStore(openMemoryStore()));
    const writer = await LogWriter.create(store, NAME, HEADER, 'strict');
    const order: number[] = [];
    await Promise.all(Array.from({ length: 100 }, (_, i) => writer.append(pattern(100, i)).then(() => order.push(i))));
    expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(store.calls.length).toBe(2);
    expect(readLog(NAME, await store.logs.read(NAME), {})!.records.length).toBe(100);
  });

  test.each<Fault>(['fail', 'tear', 'quota', 'lose-answer'])('after a write failed (%s) every later one is POISONED, and what was acknowledged is there', async (fault) => {
    for (let seed = 1; seed <= 10; seed++) {
      const store = faultStore(openMemoryStore(), { at: 3, fault, seed });
      const writer = await LogWriter.create(store, NAME, HEADER, 'strict');
      const records = [pattern(100, 1), pattern(40_000, 2), pattern(50_000, 3), pattern(10, 4)];
      await writer.append(records[0]);
      await writer.append(records[1]);
      const third = writer.append(records[2]);
      // Gathers while the third is on its way to fail.
      const fourth = writer.append(records[3]);
      await expect(third).rejects.toMatchObject({ code: fault === 'quota' ? 'QUOTA' : 'STORAGE' });
      await expect(fourth).rejects.toMatchObject({ code: 'POISONED', cause: writer.failed });
      expect(writer.failed).toMatchObject({ code: fault === 'quota' ? 'QUOTA' : 'STORAGE' });
      await expect(writer.append(records[3])).rejects.toMatchObject({ code: 'POISONED' });
      await expect(writer.sync()).rejects.toMatchObject({ code: 'POISONED' });
      await expect(writer.end()).rejects.toMatchObject({ code: 'POISONED' });
      const log = readLog(NAME, await store.logs.read(NAME), {})!;
      expect(isPrefix(log.records, records)).toBe(true);
      expect(log.records.length).toBe(fault === 'lose-answer' ? 3 : 2);
    }
  });
});

describe('wal > a log cut short', () => {
  const records = [pattern(10, 1), pattern(0), pattern(33_000, 2), pattern(300, 3), new Uint8Array(40), pattern(20, 4)];

  test('at every byte recovers to a prefix of whole records, all of those that end before the cut', async () => {
    const whole = await logOf(records, { isEnded: true });
    const ends = (await Promise.all(records.map((_, i) => logOf(records.slice(0, i + 1))))).map((bytes) => bytes.length);
    for (let cut = 0; cut < whole.length; cut++) {
      const log = readLog(NAME, whole.subarray(0, cut), {});
      const expected = ends.filter((end) => end <= cut).length;
      if ((log?.records.length ?? 0) !== expected || log?.ended) expect.fail(`cut at ${cut}: ${log?.records.length} records, expected ${expected}`);
      if (log && !isPrefix(log.records.slice(-1), records.slice(expected - 1))) expect.fail(`cut at ${cut}: another record`);
      if (log && log.validBytes + log.droppedBytes !== cut) expect.fail(`cut at ${cut}: ${log.validBytes} + ${log.droppedBytes} bytes`);
    }
  });

  test('with zeros from any byte on (a file longer than what reached the disk) recovers the same way', async () => {
    const whole = await logOf(records);
    const ends = (await Promise.all(records.map((_, i) => logOf(records.slice(0, i + 1))))).map((bytes) => bytes.length);
    for (let cut = 0; cut <= whole.length; cut += cut < 200 || cut > 32_700 ? 1 : 61) {
      for (const extra of [0, 5_000]) {
        const torn = new Uint8Array(whole.length + extra);
        torn.set(whole.subarray(0, cut));
        const log = readLog(NAME, torn, {});
        const expected = ends.filter((end) => end <= cut).length;
        if ((log?.records.length ?? 0) !== expected) expect.fail(`zeros from ${cut}: ${log?.records.length} records, expected ${expected}`);
      }
    }
  });

  test('the beginning of something else is CORRUPT, not a torn log', () => {
    expect(codeOf(() => readLog(NAME, new Uint8Array([0x45, 0x4c, 0x4e]), {}))).toBeNull();
    expect(codeOf(() => readLog(NAME, new Uint8Array([0x50, 0x4b, 3, 4]), {}))).toBe('CORRUPT');
    expect(codeOf(() => readLog(NAME, pattern(1_000, 1), {}))).toBe('CORRUPT');
  });
});

describe('wal > a damaged log', () => {
  const records = [pattern(30, 1), pattern(0), pattern(25, 2), new Uint8Array(20), pattern(12, 3)];

  test('a changed byte of a closed log is CORRUPT, every byte and every value of it', async () => {
    const whole = await logOf(records, { isEnded: true });
    for (let at = 0; at < whole.length; at++) {
      for (let mask = 1; mask < 256; mask++) {
        const changed = whole.slice();
        changed[at] ^= mask;
        if (at === whole.length - 1 && changed[at] === 0) {
          // The one byte that says the end record is whole, zero: a close that the power cut short. Nothing is lost.
          const log = readLog(NAME, changed, {})!;
          expect([isPrefix(records, log.records), log.ended]).toEqual([true, false]);
          continue;
        }
        const code = codeOf(() => readLog(NAME, changed, {}));
        if (code !== 'CORRUPT') expect.fail(`byte ${at} ^ ${mask}: ${code}`);
      }
    }
  });

  test('a changed byte of a log left open is CORRUPT, or takes the last record with it as torn; never data', async () => {
    const whole = await logOf(records);
    let torn = 0;
    for (let at = 0; at < whole.length; at++) {
      for (let mask = 1; mask < 256; mask++) {
        const changed = whole.slice();
        changed[at] ^= mask;
        let log: ReturnType<typeof readLog> = null;
        const code = codeOf(() => (log = readLog(NAME, changed, {})));
        if (code === 'CORRUPT') continue;
        torn++;
        if (code !== null || !isPrefix(log!.records, records) || log!.records.length !== records.length - 1) expect.fail(`byte ${at} ^ ${mask}: ${code}`);
      }
    }
    // Only the very last byte, and only when it becomes zero.
    expect(torn).toBe(1);
  });

  test('changed bytes in a log of several blocks are CORRUPT', async () => {
    const long = [pattern(33_000, 1), pattern(100, 2), pattern(70_000, 3), pattern(5, 4)];
    const whole = await logOf(long, { isEnded: true });
    for (let at = 0; at < whole.length; at += 97) {
      const changed = whole.slice();
      changed[at] ^= 1 << (at & 7);
      if (codeOf(() => readLog(NAME, changed, {})) !== 'CORRUPT') expect.fail(`byte ${at}`);
    }
  });

  test('sectors of zeros are damage where something behind them says that they were durable', async () => {
    const long = Array.from({ length: 12 }, (_, i) => pattern(700, i));
    const whole = await logOf(long);
    const lastStart = (await logOf(long.slice(0, -1))).length;
    for (let sector = 0; sector < whole.length; sector += 512) {
      const changed = whole.slice();
      changed.fill(0, sector, sector + 512);
      const code = codeOf(() => readLog(NAME, changed, {}));
      // Of the last write nothing says that it was.
      if (code !== 'CORRUPT' && sector + 512 <= lastStart) expect.fail(`sector at ${sector}: ${code}`);
    }
    const ended = await logOf(long, { isEnded: true });
    for (let sector = 0; sector < ended.length - 512; sector += 512) expect(codeOf(() => readLog(NAME, ended.slice().fill(0, sector, sector + 512), {}))).toBe('CORRUPT');
  });

  test('with recover: truncate everything before the damage is kept, the rest is counted, and the damage is told', async () => {
    const whole = await logOf(records, { isEnded: true });
    for (let at = 0; at < whole.length - 1; at++) {
      const changed = whole.slice();
      changed[at] ^= 0x10;
      const log = readLog(NAME, changed, { recover: 'truncate' })!;
      if (!isPrefix(log.records, records) || log.damage?.code !== 'CORRUPT' || log.droppedBytes === 0 || log.ended) expect.fail(`byte ${at}`);
      if (log.validBytes > at || log.validBytes + log.droppedBytes !== whole.length) expect.fail(`byte ${at}: ${log.validBytes} valid bytes`);
    }
    const middle = whole.slice();
    // The preamble has 16 bytes, the header's record 15, the first one 42.
    middle[16 + 15 + 42 + 3] ^= 1;
    expect(readLog(NAME, middle, { recover: 'truncate' })!.records.length).toBe(1);
  });

  test('a block that is missing, doubled or swapped is CORRUPT', async () => {
    // Each record fills a block exactly but for the first, so that blocks could change places unnoticed.
    const long = [pattern(BLOCK - 16 - 15 - 12, 1), ...[2, 3, 4].map((salt) => pattern(BLOCK - 12, salt))];
    const whole = await logOf(long, { isEnded: true });
    const blocks = Array.from({ length: Math.ceil(whole.length / BLOCK) }, (_, i) => whole.subarray(i * BLOCK, (i + 1) * BLOCK));
    const join = (order: number[]) => Uint8Array.from(order.flatMap((i) => [...blocks[i]]));
    expect(codeOf(() => readLog(NAME, join([0, 1, 2, 3, 4]), {}))).toBeNull();
    for (const order of [[0, 2, 3, 4], [0, 1, 1, 2, 3, 4], [0, 2, 1, 3, 4], [1, 2, 3, 4]]) expect(codeOf(() => readLog(NAME, join(order), {}))).toBe('CORRUPT');
  });

  test('anything after the end record is CORRUPT, zeros too', async () => {
    const whole = await logOf(records, { isEnded: true });
    for (const more of [[0], [1], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]) expect(codeOf(() => readLog(NAME, Uint8Array.from([...whole, ...more]), {}))).toBe('CORRUPT');
  });

  test('a newer version is FORMAT_UNSUPPORTED with both versions, also under recover: truncate', async () => {
    const whole = await logOf(records);
    whole.set(encodePreamble('log', 9));
    for (const options of [{}, { recover: 'truncate' } as const]) {
      expect(() => readLog(NAME, whole, options)).toThrow(expect.objectContaining({ code: 'FORMAT_UNSUPPORTED', detail: expect.objectContaining({ found: 9, newestSupported: 2 }) }));
    }
  });

  test('salvage reads past damage: every record but those that it touches, in order', async () => {
    const long = [pattern(40, 1), pattern(70_000, 2), pattern(0, 3), pattern(33_000, 4), pattern(500, 5), pattern(12, 6)];
    const whole = await logOf(long, { isEnded: true });
    const { lost: none, records: all } = salvageLog(NAME, whole);
    expect({ none, count: all.length }).toEqual({ none: [], count: long.length });
    for (let at = 0; at < whole.length; at += at > 200 && at < whole.length - 200 ? 97 : 1) {
      const changed = whole.slice();
      changed[at] ^= 0x55;
      let salvaged: ReturnType<typeof salvageLog>;
      try {
        salvaged = salvageLog(NAME, changed);
      } catch (error) {
        expect.fail(`byte ${at}: ${String(error)}`);
      }
      // The padding at a block's end, the preamble and the header belong to no record.
      const expected = all.filter(({ end }, i) => !(at < end && at >= (i === 0 ? HEADER_END : all[i - 1].end)));
      const isPadding = salvaged.records.length === all.length;
      const wanted = isPadding ? all : expected;
      expect(salvaged.records.map(({ end }) => end), `byte ${at}`).toEqual(wanted.map(({ end }) => end));
      salvaged.records.forEach(({ bytes }, i) => expectBytes(bytes, wanted[i].bytes));
      expect(salvaged.lost.some(({ from, to }) => from <= at && at < to), `byte ${at}`).toBe(true);
    }
  });

  test('salvage finds records again behind a hole of many blocks, and takes a torn tail for what it is', async () => {
    const many = Array.from({ length: 400 }, (_, i) => pattern(300 + i, i));
    const whole = await logOf(many);
    const holed = whole.slice();
    holed.fill(0x77, 20_000, 90_000);
    const { records: found, lost } = salvageLog(NAME, holed);
    expect(lost).toHaveLength(1);
    expect(lost[0].from).toBeLessThanOrEqual(20_000);
    expect(lost[0].to).toBeGreaterThanOrEqual(90_000);
    const kept = found.map(({ bytes }) => bytes.length - 300);
    expect(kept[0]).toBe(0);
    expect(kept.at(-1)).toBe(399);
    for (const { bytes } of found) expectBytes(bytes, many[bytes.length - 300]);
    expect(kept.length).toBeGreaterThan(200);
    const torn = salvageLog(NAME, whole.slice(0, -3));
    expect({ lost: torn.lost, count: torn.records.length }).toEqual({ lost: [], count: 399 });
  });

  test('salvage of bytes of chance finds nothing', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 4000 }), (bytes) => salvageLog(NAME, bytes).records.length === 0));
  });

  test('another kind of file is CORRUPT', async () => {
    const whole = await logOf(records);
    whole.set(encodePreamble('segment', 1));
    expect(codeOf(() => readLog(NAME, whole, {}))).toBe('CORRUPT');
  });
});

/** A store whose appends take a while, so that others gather. */
function slowStore(inner: Store): Store {
  const append: Store['logs']['append'] = async (name, bytes, durable) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await inner.logs.append(name, bytes, durable);
  };
  return new Proxy(inner, {
    get: (target, key) => {
      if (key === 'logs') return { ...inner.logs, append };
      const member = Reflect.get(target, key, target) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
