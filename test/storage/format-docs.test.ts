/** The worked examples of `docs/format/` are what the encoders write, byte for byte. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeManifest, encodeManifest } from '../../src/storage/manifest/codec.ts';
import { EMPTY_MANIFEST } from '../../src/storage/manifest/manifest.ts';
import { openMemoryStore } from '../../src/storage/memory.ts';
import { encodeSlot } from '../../src/storage/opfs/root.ts';
import { encodePreamble } from '../../src/storage/preamble.ts';
import { encodeSections } from '../../src/storage/sections/index.ts';
import { LogWriter } from '../../src/storage/wal/index.ts';
import { encodeRecordHead } from '../../src/storage/shared/format.ts';
import { crc32c } from '../../src/util/crc32c.ts';
import { bytesOf } from '../contract/store.ts';

/** Lines `OFFSET  HEX HEX …  remark` of a page's example, by offset. */
async function dumpIn(page: string): Promise<Map<number, number[]>> {
  const text = await readFile(join(resolve(import.meta.dirname, '../../docs/format'), page), 'utf8');
  const lines = new Map<number, number[]>();
  for (const match of text.matchAll(/^([0-9a-f]{4}) {2}((?:[0-9a-f]{2} ?)+)/gm)) lines.set(parseInt(match[1], 16), match[2].trim().split(' ').map((hex) => parseInt(hex, 16)));
  return lines;
}

/** Every byte of `bytes` is in a line of the page, or is zero and in none. */
async function expectDump(page: string, bytes: Uint8Array): Promise<void> {
  const rest = bytes.slice();
  const lines = await dumpIn(page);
  expect(lines.size).toBeGreaterThan(0);
  for (const [offset, line] of lines) {
    expect([page, offset, ...bytes.subarray(offset, offset + line.length)]).toEqual([page, offset, ...line]);
    rest.fill(0, offset, offset + line.length);
  }
  expect(rest.every((byte) => byte === 0)).toBe(true);
}

describe('docs/format', () => {
  test('log.md', async () => {
    const store = openMemoryStore();
    const writer = await LogWriter.create(store, 'example.log', bytesOf('head'), 'strict');
    await writer.append(bytesOf('kite'));
    await writer.append(new Uint8Array(0));
    await writer.end();
    await expectDump('log.md', await store.logs.read('example.log'));
  });

  test('manifest.md', async () => {
    const manifest = { ...EMPTY_MANIFEST, version: 1, epoch: 1 };
    await expectDump('manifest.md', encodeManifest(manifest));
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
  });

  test('shared-log.md', async () => {
    const payload = bytesOf('kite');
    const head = encodeRecordHead({ collectionId: 7, generation: 2, sequence: 41, timestamp: 445_644_800_000_001n, firstAutoId: 100n }, payload.length, crc32c(payload));
    await expectDump('shared-log.md', Uint8Array.from([...head, ...payload]));
  });

  test('sections.md', async () => {
    const chunks = [...encodeSections('segment', 's1.seg', [{ name: 'a', bytes: bytesOf('kite') }, { name: 'b', bytes: new Uint8Array(0) }])];
    await expectDump('sections.md', Uint8Array.from(chunks.flatMap((chunk) => [...chunk])));
  });

  test('opfs.md', async () => {
    await expectDump('opfs.md', encodeSlot(1, bytesOf('kite')));
  });

  test('preamble.md', async () => {
    const page = await readFile(resolve(import.meta.dirname, '../../docs/format/preamble.md'), 'utf8');
    const example = [...encodePreamble('log', 1)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(page.replaceAll(' ', '')).toContain(example);
  });
});
