import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Field, IndexSpec } from '../../src/schema/types.ts';
import { decodeManifest, encodeManifest } from '../../src/storage/manifest/codec.ts';
import { EMPTY_MANIFEST, type CollectionEntry, type Manifest } from '../../src/storage/manifest/manifest.ts';
import { encodePreamble } from '../../src/storage/preamble.ts';
import { ByteWriter } from '../../src/util/bytes.ts';
import { crc32c } from '../../src/util/crc32c.ts';

const HNSW: IndexSpec = { type: 'HNSW_SQ', metric: 'COSINE', params: { M: 16, efConstruction: 200, sq_type: 'SQ8', refine: true } };

const FIELDS: Field[] = [
  { fieldId: 0, name: 'id', type: 'Int64', primaryKey: true, autoId: true, nullable: false, as: 'number' },
  { fieldId: 1, name: 'Titel "ü"', type: 'VarChar', primaryKey: false, autoId: false, nullable: false, maxLength: 512 },
  { fieldId: 2, name: 'embedding', type: 'FloatVector', primaryKey: false, autoId: false, nullable: false, dim: 384, embedder: { id: 'all-MiniLM-L6-v2', input: 'Titel "ü"' }, index: HNSW },
];

const DOCS: CollectionEntry = {
  collectionId: 1,
  databaseId: 0,
  name: 'docs',
  schema: { version: 1, fields: FIELDS, description: 'what it is' },
  createdTimestamp: (1_700_000_000_000n << 18n) + 3n,
  indexes: { '2': HNSW },
  nextAutoId: 12_345n,
  firstLogGeneration: 4,
  properties: { ttlSeconds: 3_600 },
  horizon: 17n,
  nextPartitionId: 2,
  partitions: [{ partitionId: 0, name: '_default', createdTimestamp: 3n }],
  segments: [
    {
      segmentId: 7,
      partitionId: 0,
      schemaVersion: 1,
      rows: 1_000,
      minTimestamp: 5n,
      maxTimestamp: 2n ** 64n - 1n,
      file: 's7.seg',
      fileBytes: 123_456,
      deletesFile: 's7-9.del',
      deletedRows: 10,
      indexes: [{ fieldId: 2, spec: HNSW, file: 's7-f2-8.idx', fileBytes: 1_000 }],
    },
  ],
};

const MANIFEST: Manifest = {
  ...EMPTY_MANIFEST,
  version: 3,
  epoch: 2,
  lastTimestamp: 2n ** 63n + 1n,
  nextCollectionId: 2,
  nextFileId: 10,
  aliases: [{ databaseId: 0, name: 'current', collectionId: 1 }],
  collections: [DOCS],
  snapshots: [{ name: 'before', timestamp: 9n, createdTimestamp: 10n, collection: { ...DOCS, indexes: {}, name: 'older' } }],
};

/** A manifest's bytes around any body. */
function framed(body: string | Uint8Array): Uint8Array {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const writer = new ByteWriter().bytes(encodePreamble('manifest', 2)).u32(bytes.length).bytes(bytes);
  return writer.u32(crc32c(writer.finish())).finish();
}

function bodyOf(manifest: Manifest): string {
  const bytes = encodeManifest(manifest);
  return new TextDecoder().decode(bytes.subarray(20, bytes.length - 4));
}

function codeOf(attempt: () => unknown): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('manifest', () => {
  test('comes back as it was, bigints and all', () => {
    expect(decodeManifest(encodeManifest(MANIFEST))).toEqual(MANIFEST);
    expect(decodeManifest(encodeManifest(EMPTY_MANIFEST))).toEqual(EMPTY_MANIFEST);
  });

  test('keys that are absent stay absent', () => {
    const decoded = decodeManifest(encodeManifest(MANIFEST));
    expect(Object.keys(decoded.collections[0].schema.fields[0])).toEqual(['fieldId', 'name', 'type', 'primaryKey', 'autoId', 'nullable', 'as']);
  });

  test('the same manifest has the same bytes, whatever the order of its keys', () => {
    const shuffled = Object.fromEntries(Object.entries(MANIFEST).reverse()) as unknown as Manifest;
    expect(encodeManifest(shuffled)).toEqual(encodeManifest(MANIFEST));
  });

  test('a changed byte anywhere is CORRUPT', () => {
    const whole = encodeManifest(MANIFEST);
    for (let at = 0; at < whole.length; at++) {
      for (const mask of [1, 128, 255]) {
        const changed = whole.slice();
        changed[at] ^= mask;
        if (codeOf(() => decodeManifest(changed)) !== 'CORRUPT') expect.fail(`byte ${at} ^ ${mask}`);
      }
    }
  });

  test('bytes cut anywhere, or with more behind them, are CORRUPT', () => {
    const whole = encodeManifest(MANIFEST);
    for (let cut = 0; cut < whole.length; cut++) if (codeOf(() => decodeManifest(whole.slice(0, cut))) !== 'CORRUPT') expect.fail(`cut at ${cut}`);
    expect(codeOf(() => decodeManifest(Uint8Array.from([...whole, 0])))).toBe('CORRUPT');
  });

  test('a newer version is FORMAT_UNSUPPORTED', () => {
    const whole = encodeManifest(MANIFEST);
    whole.set(encodePreamble('manifest', 3));
    expect(() => decodeManifest(whole)).toThrow(expect.objectContaining({ code: 'FORMAT_UNSUPPORTED', detail: expect.objectContaining({ found: 3 }) }));
  });

  test.each([
    ['no JSON', '{'],
    ['JSON of another kind', '[]'],
    ['null', 'null'],
    ['a number as text', bodyOf(MANIFEST).replace('"version":3', '"version":"3"')],
    ['a negative count', bodyOf(MANIFEST).replace('"epoch":2', '"epoch":-2')],
    ['a fraction', bodyOf(MANIFEST).replace('"epoch":2', '"epoch":2.5')],
    ['a count beyond the safe integers', bodyOf(MANIFEST).replace('"epoch":2', '"epoch":9007199254740993')],
    ['a timestamp as a number', bodyOf(MANIFEST).replace(/"lastTimestamp":"(\d+)"/, '"lastTimestamp":$1')],
    ['a timestamp in hexadecimal', bodyOf(MANIFEST).replace(/"lastTimestamp":"\d+"/, '"lastTimestamp":"0x10"')],
    ['a timestamp beyond 64 bits', bodyOf(MANIFEST).replace(/"lastTimestamp":"\d+"/, '"lastTimestamp":"18446744073709551616"')],
    ['a parameter that is infinite', bodyOf(MANIFEST).replace('"M":16', '"M":1e999')],
    ['a parameter that is an object', bodyOf(MANIFEST).replace('"M":16', '"M":{}')],
    ['a field type that is none', bodyOf(MANIFEST).replace('"VarChar"', '"constructor"')],
    ['a metric that is none', bodyOf(MANIFEST).replaceAll('"COSINE"', '"toString"')],
    ['a file in another folder', bodyOf(MANIFEST).replace('"s7.seg"', '"../s7.seg"')],
    ['a missing key', bodyOf(MANIFEST).replace('"epoch":2,', '')],
    ['an unknown key', bodyOf(MANIFEST).replace('"epoch":2,', '"epoch":2,"extra":1,')],
    ['more deleted rows than rows', bodyOf(MANIFEST).replace('"deletedRows":10', '"deletedRows":1001')],
    ['a field twice', bodyOf(MANIFEST).replace('"fieldId":1,', '"fieldId":0,')],
    ['a collection twice', framedTwice()],
    ['an embedder that reads what is no text', bodyOf(MANIFEST).replace(/"input":"Titel[^}]*/, '"input":"id"')],
    ['an embedder without an id', bodyOf(MANIFEST).replace('"id":"all-MiniLM-L6-v2"', '"id":""')],
    ['a name and an alias that are the same', bodyOf(MANIFEST).replace('"current"', '"docs"')],
    ['an alias of no collection', bodyOf(MANIFEST).replace('"name":"current","collectionId":1', '"name":"current","collectionId":5')],
    ['a collection in no database', bodyOf(MANIFEST).replace('"collectionId":1,"databaseId":0', '"collectionId":1,"databaseId":3')],
    ['a partition beyond the next one', bodyOf(MANIFEST).replace('"nextPartitionId":2', '"nextPartitionId":0')],
    ['no default database', bodyOf(MANIFEST).replace('"databaseId":0,"name":"default"', '"databaseId":1,"name":"default"')],
    ['an index of a field that is no number', bodyOf(MANIFEST).replace('"indexes":{"2":', '"indexes":{"x":')],
  ])('%s is CORRUPT', (_, body) => {
    expect(body).not.toBe(bodyOf(MANIFEST));
    expect(codeOf(() => decodeManifest(framed(body)))).toBe('CORRUPT');
  });

  function framedTwice(): string {
    const parsed = JSON.parse(bodyOf(MANIFEST)) as { collections: unknown[] };
    parsed.collections.push({ ...(parsed.collections[0] as object), segments: [] });
    return JSON.stringify(parsed);
  }

  test('keys that reach for prototypes are CORRUPT and change nothing', () => {
    for (const body of [
      bodyOf(MANIFEST).replace('"M":16', '"__proto__":16'),
      bodyOf(MANIFEST).replace('"epoch":2,', '"epoch":2,"__proto__":{"polluted":true},'),
      bodyOf(MANIFEST).replace('"indexes":{"2":', '"indexes":{"__proto__":'),
    ]) {
      expect(codeOf(() => decodeManifest(framed(body)))).toBe('CORRUPT');
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    // A harmless key that merely has the name of something inherited is a key like any other.
    const named = { ...HNSW, params: { constructor: 1, toString: 'x' } as unknown as IndexSpec['params'] };
    const decoded = decodeManifest(encodeManifest({ ...MANIFEST, collections: [{ ...DOCS, indexes: { '2': named } }] }));
    expect(decoded.collections[0].indexes['2'].params).toEqual(named.params);
  });

  test('body bytes that are not UTF-8 are CORRUPT', () => {
    expect(codeOf(() => decodeManifest(framed(new Uint8Array([0x22, 0xc3, 0x28, 0x22]))))).toBe('CORRUPT');
  });

  test('any JSON at all is CORRUPT or a manifest, never another error', () => {
    fc.assert(
      fc.property(fc.json(), (body) => {
        expect(codeOf(() => decodeManifest(framed(body)))).toBe('CORRUPT');
      }),
    );
  });

  test('nonsense to be written is our own mistake, found before it is written', () => {
    for (const wrong of [{ ...MANIFEST, version: -1 }, { ...MANIFEST, lastTimestamp: 5 }, { ...MANIFEST, extra: 1 }, { ...MANIFEST, collections: [{ ...DOCS, name: '' }] }]) {
      expect(codeOf(() => encodeManifest(wrong as unknown as Manifest))).toBe('INTERNAL');
    }
  });
});
