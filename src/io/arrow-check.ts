/**
 * The messages of Arrow IPC, one by one, with what a hostile file may make their reader do looked at first: it believes lengths of vectors in metadata and numbers of rows as they
 * are written. https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc, https://flatbuffers.dev/internals/
 */
import { throwIfAborted } from '../util/error.ts';
import { guarded, refuseAt } from './place.ts';
import { COLUMNS_MAX } from './reader.ts';
import type { ByteSource } from './source.ts';

const METADATA_BYTES_MAX = 64 << 20;
const DEPTH_MAX = 32;
/** Values of a column in a batch: as many in any case, more for more bytes. Only those of type Null take none. */
const VALUES_FREE = 1 << 20;
const VALUES_PER_BYTE = 64;
const CONTINUATION = 0xffff_ffff;
const MAGIC_BYTES = 8;
const SCHEMA = 1;
const DICTIONARY_BATCH = 2;
const RECORD_BATCH = 3;
const UNION = 14;

export interface Message {
  /** With what comes before its metadata. */
  readonly bytes: Uint8Array;
  readonly isBatch: boolean;
  /** Rows of a batch. */
  readonly rows: number;
  /** Where it ends in the file. */
  readonly end: number;
}

/** Where a message of a file lies, as its footer says. */
interface Block {
  readonly at: number;
  readonly metadata: number;
  readonly body: number;
}

export interface Footer {
  /** The footer's bytes, with what follows them, but for its blocks. */
  readonly bytes: Uint8Array;
  /** Dictionaries, then batches. */
  readonly blocks: readonly Block[];
}

/** The end of a file, where all of it is listed; undefined for a stream. */
export async function readFooter(source: ByteSource): Promise<Footer | undefined> {
  const { name: file, size } = source;
  const head = await source.read(0, Math.min(size, MAGIC_BYTES));
  if (String.fromCharCode(...head.subarray(0, 6)) !== 'ARROW1') return undefined;
  const tail = size < 22 ? new Uint8Array(10) : await source.read(size - 10, size);
  if (String.fromCharCode(...tail.subarray(4)) !== 'ARROW1') refuseAt({ file }, 'ARROW1 at the end of the file', 'another end: is it cut off?');
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  const most = Math.min(METADATA_BYTES_MAX, size - MAGIC_BYTES - 10);
  if (length === 0 || length > most) refuseAt({ file }, `a footer of at most ${most} bytes`, String(length));
  const start = size - 10 - length;
  const bytes = (await source.read(start, size)).slice();
  const blocks = await guarded({ file }, 'the footer of an Arrow file', () => checkFooter(new DataView(bytes.buffer, bytes.byteOffset, length), start));
  return { bytes, blocks };
}

/** All messages behind the schema in their order. Without bodies, where only what is said of them is wanted. */
export async function* messages(source: ByteSource, footer: Footer | undefined, hasBodies: boolean, signal: AbortSignal | undefined): AsyncGenerator<Message, void, undefined> {
  if (footer === undefined) {
    yield* streamMessages(source, hasBodies, signal);
    return;
  }
  for (const { at, body, metadata } of footer.blocks) {
    throwIfAborted(signal);
    const bytes = await source.read(at, at + metadata + (hasBodies ? body : 0));
    const { kind, rows } = await guarded({ file: source.name }, 'a message of Arrow', () => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, metadata);
      const hasMark = view.getUint32(0, true) === CONTINUATION;
      const start = hasMark ? 8 : 4;
      const length = view.getUint32(start - 4, true);
      if (length > metadata - start) throw new Error(`metadata of ${length} bytes in ${metadata}`);
      const checked = checkMessage(new DataView(bytes.buffer, bytes.byteOffset + start, length), body);
      if (checked.body !== body) throw new Error(`a body of ${checked.body} bytes where the footer says ${body}`);
      return checked;
    });
    if (kind === SCHEMA) refuseAt({ file: source.name }, 'batches', 'a schema among them');
    yield { bytes, isBatch: kind === RECORD_BATCH, rows, end: at + metadata + body };
  }
}

async function* streamMessages(source: ByteSource, hasBodies: boolean, signal: AbortSignal | undefined): AsyncGenerator<Message, void, undefined> {
  const { name: file, size } = source;
  let at = 0;
  for (let isFirst = true; at + 4 <= size; isFirst = false) {
    throwIfAborted(signal);
    const prefix = await source.read(at, Math.min(size, at + 8));
    const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.length);
    // Before version 0.15 the length came first.
    const hasMark = view.getUint32(0, true) === CONTINUATION;
    if (hasMark && prefix.length < 8) refuseAt({ file }, 'a message', 'the end of the file: is it cut off?');
    const length = view.getUint32(hasMark ? 4 : 0, true);
    if (length === 0) break;
    const start = at + (hasMark ? 8 : 4);
    if (length > Math.min(METADATA_BYTES_MAX, size - start)) refuseAt({ file }, `metadata of at most ${Math.min(METADATA_BYTES_MAX, size - start)} bytes`, `${length}: is the file cut off, or none of Arrow?`);
    const metadata = await source.read(start, start + length);
    const { body, kind, rows } = await guarded({ file }, 'a message of Arrow', () => checkMessage(new DataView(metadata.buffer, metadata.byteOffset, length), size - start - length));
    if (isFirst !== (kind === SCHEMA)) refuseAt({ file }, isFirst ? 'a schema first' : 'one schema', isFirst ? 'another message' : 'two');
    const end = start + length + body;
    yield { bytes: await source.read(at, hasBodies ? end : start + length), isBatch: kind === RECORD_BATCH, rows, end };
    at = end;
  }
  if (at === 0) refuseAt({ file }, 'a schema', 'the end of the file');
}

function checkFooter(view: DataView, end: number): Block[] {
  const buffer = new Flat(view);
  const footer = buffer.root();
  const schema = buffer.table(footer, 1);
  if (schema === 0) throw new Error('a footer without a schema');
  checkSchema(buffer, schema);
  buffer.vector(footer, 4, 4);
  const blocks = [2, 3].flatMap((index) => {
    const { length, start } = buffer.vector(footer, index, 24);
    return Array.from({ length }, (_, i) => {
      const at = Number(view.getBigInt64(start + 24 * i, true));
      const metadata = view.getInt32(start + 24 * i + 8, true);
      const body = Number(view.getBigInt64(start + 24 * i + 16, true));
      if (!(at >= MAGIC_BYTES && metadata >= 8 && metadata <= METADATA_BYTES_MAX && body >= 0 && at + metadata + body <= end)) throw new Error(`a batch of ${metadata} and ${body} bytes at ${at} of ${end}`);
      return { at, metadata, body };
    });
  });
  // What is made of it is the schema alone: readers would want the dictionaries at once.
  for (const index of [2, 3]) {
    const { start } = buffer.vector(footer, index, 24);
    if (start > 0) view.setUint32(start - 4, 0, true);
  }
  return blocks;
}

interface Checked {
  readonly kind: number;
  readonly body: number;
  readonly rows: number;
}

function checkMessage(view: DataView, bodyMax: number): Checked {
  const buffer = new Flat(view);
  const message = buffer.root();
  const bodyAt = buffer.field(message, 3);
  const body = bodyAt === 0 ? 0 : Number(view.getBigInt64(bodyAt, true));
  if (!(body >= 0 && body <= bodyMax)) throw new Error(`a body of ${body} bytes where ${bodyMax} are left`);
  const kindAt = buffer.field(message, 1);
  const kind = kindAt === 0 ? 0 : view.getUint8(kindAt);
  buffer.vector(message, 4, 4);
  const header = buffer.table(message, 2);
  if (header === 0) throw new Error('a message without a header');
  if (kind === SCHEMA) {
    checkSchema(buffer, header);
    return { kind, body, rows: 0 };
  }
  if (kind !== RECORD_BATCH && kind !== DICTIONARY_BATCH) throw new Error(`a message of kind ${kind}`);
  const batch = kind === RECORD_BATCH ? header : buffer.table(header, 1);
  if (batch === 0) throw new Error('a dictionary without values');
  return { kind, body, rows: checkBatch(buffer, batch, body) };
}

function checkSchema(buffer: Flat, schema: number): void {
  const budget = { left: COLUMNS_MAX };
  for (const field of buffer.tables(schema, 1)) checkField(buffer, field, budget, 0);
  for (const pair of buffer.tables(schema, 2)) checkPair(buffer, pair);
}

function checkField(buffer: Flat, field: number, budget: { left: number }, depth: number): void {
  if (--budget.left < 0) throw new Error(`more than ${COLUMNS_MAX} columns`);
  if (depth > DEPTH_MAX) throw new Error('types that are nested too deeply');
  buffer.vector(field, 0, 1);
  const kindAt = buffer.field(field, 2);
  const type = buffer.table(field, 3);
  if (type !== 0 && kindAt !== 0 && buffer.view.getUint8(kindAt) === UNION) buffer.vector(type, 1, 4);
  for (const child of buffer.tables(field, 5)) checkField(buffer, child, budget, depth + 1);
  for (const pair of buffer.tables(field, 6)) checkPair(buffer, pair);
}

function checkPair(buffer: Flat, pair: number): void {
  buffer.vector(pair, 0, 1);
  buffer.vector(pair, 1, 1);
}

/** Rows of the batch. */
function checkBatch(buffer: Flat, batch: number, body: number): number {
  const { view } = buffer;
  const most = Math.max(VALUES_FREE, VALUES_PER_BYTE * body);
  const count = (value: bigint, max: number, what: string): number => {
    if (value < 0n || value > BigInt(max)) throw new Error(`${value} ${what} in ${body} bytes`);
    return Number(value);
  };
  const rowsAt = buffer.field(batch, 0);
  const rows = rowsAt === 0 ? 0 : count(view.getBigInt64(rowsAt, true), most, 'rows');
  if (buffer.field(batch, 3) !== 0) throw new Error('compressed buffers, which are not read: write the file without compression');
  const nodes = buffer.vector(batch, 1, 16);
  for (let i = 0; i < nodes.length; i++) {
    const values = count(view.getBigInt64(nodes.start + 16 * i, true), most, 'values');
    count(view.getBigInt64(nodes.start + 16 * i + 8, true), values, 'nulls');
  }
  const buffers = buffer.vector(batch, 2, 16);
  for (let i = 0; i < buffers.length; i++) {
    const offset = count(view.getBigInt64(buffers.start + 16 * i, true), body, 'as the place of a buffer');
    count(view.getBigInt64(buffers.start + 16 * i + 8, true), body - offset, 'bytes of a buffer');
  }
  buffer.vector(batch, 4, 8);
  return rows;
}

/** Reads of FlatBuffers. Whatever lies outside of the bytes throws. */
class Flat {
  readonly view: DataView;

  constructor(view: DataView) {
    this.view = view;
  }

  root(): number {
    return this.view.getUint32(0, true);
  }

  /** Where a field of a table is; 0 where the table has it not. */
  field(table: number, index: number): number {
    const { view } = this;
    const vtable = table - view.getInt32(table, true);
    const at = 4 + 2 * index;
    if (at + 2 > view.getUint16(vtable, true)) return 0;
    const offset = view.getUint16(vtable + at, true);
    return offset === 0 ? 0 : table + offset;
  }

  /** The table that a field refers to, or 0. */
  table(table: number, index: number): number {
    const at = this.field(table, index);
    return at === 0 ? 0 : this.#follow(at);
  }

  /** The vector, or text, that a field refers to, which lies within the bytes. */
  vector(table: number, index: number, elementBytes: number): { readonly start: number; readonly length: number } {
    const at = this.field(table, index);
    if (at === 0) return { start: 0, length: 0 };
    const vector = this.#follow(at);
    const length = this.view.getUint32(vector, true);
    if (length * elementBytes > this.view.byteLength - vector - 4) throw new Error('a vector that is longer than the metadata');
    return { start: vector + 4, length };
  }

  *tables(table: number, index: number): Generator<number> {
    const { length, start } = this.vector(table, index, 4);
    for (let i = 0; i < length; i++) yield this.#follow(start + 4 * i);
  }

  #follow(at: number): number {
    return at + this.view.getUint32(at, true);
  }
}
