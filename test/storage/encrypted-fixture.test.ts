/**
 * What earlier versions encrypted is opened for good: `fixtures/*.encrypted.gz`, with the key below. `npm run fixture` writes the one of
 * this version, as long as it is not released.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEncryptedStore } from '../../src/storage/encrypted.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import type { Store } from '../../src/storage/store.ts';
import { crc32c } from '../../src/util/crc32c.ts';
import { aesKey } from '../support/aes-key.ts';
import { openTab, SharedMemoryMedium } from '../support/shared-memory.ts';
import { bytesOf, expectBytes, pattern } from '../contract/store.ts';
import { pack, unpack } from './fixtures/pack.ts';

const folder = join(import.meta.dirname, 'fixtures');
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const pathOf = (of: string): string => join(folder, `${of}.encrypted.gz`);
const key = await aesKey(7);

const COLLECTION = 5;
const OPTIONS = { isDurable: true, after: 0n, birth: { generation: 1, nextAutoId: 1n } };
const draft = (payload: Uint8Array) => ({ payload, payloadCrc: crc32c(payload), autoIds: 0 });
/** As a file of the fixture: the sealed payload of a shared log. */
const SHARED = 'shared-payload';

/** A store of several tabs that shares its root with a medium, and nothing else. */
async function tabOver(medium: MemoryMedium): Promise<{ plain: Store; inner: Store }> {
  const shared = new SharedMemoryMedium();
  const inner = openTab(shared).store;
  await inner.root.swap(null, medium.root!);
  return { plain: await openEncryptedStore(openTab(shared).store, key), inner };
}

async function makeNow(): Promise<MemoryMedium> {
  const medium = new MemoryMedium();
  const store = await openEncryptedStore(openMemoryStore({ medium }), key);
  await store.write('blocks', [pattern(33_000)]);
  await store.write('empty', []);
  await store.root.swap(null, bytesOf('the first root'));
  await store.root.swap(bytesOf('the first root'), bytesOf('the second root'));
  await store.logs.append('c1-1.log', bytesOf('one '));
  await store.logs.append('c1-1.log', bytesOf('two'));
  await store.logs.append('torn.log', bytesOf('whole'));
  await store.logs.append('torn.log', bytesOf('lost'));
  const torn = medium.logs.get('torn.log')!;
  torn[1] = torn[1]!.slice(0, -3);
  const { plain, inner } = await tabOver(medium);
  await plain.shared!.logs.append(COLLECTION, [draft(bytesOf('from a tab'))], OPTIONS);
  medium.files.set(SHARED, (await inner.shared!.logs.read(COLLECTION, 1, 0))!.records[0]!.payload);
  return medium;
}

if (process.env['WRITE_FIXTURE']) writeFileSync(pathOf(version), pack(await makeNow()));

const versions = readdirSync(folder).flatMap((name) => (name.endsWith('.encrypted.gz') ? [name.slice(0, -'.encrypted.gz'.length)] : []));
const textOf = (bytes: Uint8Array | null): string => new TextDecoder().decode(bytes!);

describe('a fixture of this version', () => {
  it('is there: npm run fixture writes it', () => {
    expect(existsSync(pathOf(version))).toBe(true);
  });
});

describe.each(versions)('what %s encrypted', (of) => {
  const opened = async (): Promise<{ medium: MemoryMedium; store: Store }> => {
    const medium = unpack(readFileSync(pathOf(of)));
    return { medium, store: await openEncryptedStore(openMemoryStore({ medium }), key) };
  };

  it('opens: root, files, logs', async () => {
    const { store } = await opened();
    expect(textOf(await store.root.read())).toBe('the second root');
    expectBytes(await store.read('blocks'), pattern(33_000));
    expectBytes(await store.read('blocks', 32_700, 32_800), pattern(33_000).subarray(32_700, 32_800));
    expect(await store.size('empty')).toBe(0);
    expect(textOf(await store.logs.read('c1-1.log'))).toBe('one two');
    expect(textOf(await store.logs.read('torn.log'))).toBe('whole');
  });

  it('opens: payloads of shared logs', async () => {
    const { medium } = await opened();
    const { plain, inner } = await tabOver(medium);
    await inner.shared!.logs.append(COLLECTION, [draft(medium.files.get(SHARED)!)], OPTIONS);
    expect(textOf((await plain.shared!.logs.read(COLLECTION, 1, 0))!.records[0]!.payload)).toBe('from a tab');
  });

  it('is written to like anything else', async () => {
    const { store } = await opened();
    await store.logs.append('c1-1.log', bytesOf(' three'));
    await store.root.swap(bytesOf('the second root'), bytesOf('the third root'));
    expect(textOf(await store.logs.read('c1-1.log'))).toBe('one two three');
    expect(textOf(await store.root.read())).toBe('the third root');
  });

  it('does not open with another key', async () => {
    await expect(openEncryptedStore(openMemoryStore({ medium: unpack(readFileSync(pathOf(of))) }), await aesKey(8))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
