/**
 * Descriptions of the visitor's own collections, in a collection of the same database, so that one database holds all: a row for each part of a description's text, and a row for
 * each part of the bytes of its latent space. A vector of bits is what a row can hold of bytes.
 */
import { defineSchema } from 'elanus';
import type { Database } from 'elanus';
import { decodeDescription, encodeDescription } from './description.ts';
import type { Description } from './description.ts';

/** Its name in the database: never rename. */
export const KEPT = 'page_datasets';

/** Bytes of a row. */
export const CHUNK_BYTES = 8_192;
/** Characters of a row, of which each takes three bytes at most. */
const TEXT_LENGTH = 16_000;

const schema = defineSchema({
  fields: {
    key: { type: 'VarChar', primaryKey: true, maxLength: 300 },
    dataset: { type: 'VarChar', maxLength: 255 },
    kind: { type: 'VarChar', maxLength: 16 },
    part: { type: 'Int32' },
    /** Of that kind; rows with a part behind them are of an earlier, longer one. */
    parts: { type: 'Int32' },
    text: { type: 'VarChar', maxLength: 65_535 },
    /** Behind the end zeros. */
    chunk: { type: 'BinaryVector', dim: CHUNK_BYTES * 8 },
    bytes: { type: 'Int32' },
  },
});

const open = (database: Database) => database.createCollection(KEPT, schema, { ifNotExists: true });

/** All that are kept, the oldest first. Those that cannot be read any more are left out. */
export async function readDescriptions(database: Database): Promise<Description[]> {
  if (!(await database.hasCollection(KEPT))) return [];
  const rows = await (await open(database)).query({ filter: 'kind == "description"', outputFields: ['dataset', 'part', 'parts', 'text'], consistency: 'Strong' });
  const texts = new Map<string, string[]>();
  for (const { dataset, part, parts, text } of rows.sort((a, b) => a.part - b.part)) {
    if (part === 0) texts.set(dataset, []);
    const found = texts.get(dataset);
    if (found !== undefined && part < parts && found.length === part) found.push(text);
  }
  const found = [...texts.values()].map((parts) => decodeDescription(parts.join(''))).filter((description) => description !== null);
  return found.sort((a, b) => a.made - b.made);
}

/** Writes a description, or another one in its place, in one batch. */
export async function keepDescription(database: Database, description: Description): Promise<void> {
  const text = encodeDescription(description);
  const parts = Math.max(1, Math.ceil(text.length / TEXT_LENGTH));
  await write(database, description.id, 'description', parts, (part) => ({ text: text.slice(part * TEXT_LENGTH, (part + 1) * TEXT_LENGTH), chunk: new Uint8Array(CHUNK_BYTES), bytes: 0 }));
}

/** Writes the bytes of a latent space. */
export async function keepBytes(database: Database, id: string, bytes: Uint8Array): Promise<void> {
  await write(database, id, 'bytes', Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES)), (part) => {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const here = bytes.subarray(part * CHUNK_BYTES, (part + 1) * CHUNK_BYTES);
    chunk.set(here);
    return { text: '', chunk, bytes: here.length };
  });
}

export async function readBytes(database: Database, id: string): Promise<Uint8Array<ArrayBuffer>> {
  const rows = await (await open(database)).query({ filter: 'dataset == {id} and kind == "bytes"', filterParams: { id }, outputFields: ['part', 'parts', 'chunk', 'bytes'] });
  rows.sort((a, b) => a.part - b.part);
  const parts = rows[0]?.parts ?? 0;
  if (parts === 0 || rows.length < parts) throw new Error('what turns text into vectors is missing in the database');
  const whole = rows.slice(0, parts);
  const all = new Uint8Array(whole.reduce((sum, { bytes }) => sum + bytes, 0));
  let at = 0;
  for (const { bytes, chunk } of whole) {
    all.set(chunk.subarray(0, bytes), at);
    at += bytes;
  }
  return all;
}

/** Forgets a description and its bytes. */
export async function forget(database: Database, id: string): Promise<void> {
  await (await open(database)).delete({ filter: 'dataset == {id}', filterParams: { id } });
}

type Part = { readonly text: string; readonly chunk: Uint8Array; readonly bytes: number };

async function write(database: Database, dataset: string, kind: string, parts: number, partOf: (part: number) => Part): Promise<void> {
  const rows = Array.from({ length: parts }, (_, part) => ({ key: `${dataset}/${kind}/${part}`, dataset, kind, part, parts, ...partOf(part) }));
  await (await open(database)).upsert(rows);
}
