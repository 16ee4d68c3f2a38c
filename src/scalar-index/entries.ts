/** What of a column goes into an index: values, each with its row. */
import type { JsonPath } from '../filter/predicate.ts';
import { JsonScanner, compileJsonPath, decodeJsonString, readJsonNumber } from '../filter/json-path.ts';
import { truthWords } from '../filter/predicate.ts';
import type { Column } from '../schema/column.ts';
import { getBit } from '../schema/column-values.ts';
import type { ScalarType } from '../schema/types.ts';
import type { Cast, Target } from './index.ts';
import type { EntryValues, NumberValues, Steps } from './sort.ts';

export interface Entries {
  readonly values: EntryValues;
  /** Row by entry, ascending. */
  readonly rows: Uint32Array;
  /** A row may have several. */
  readonly isMulti: boolean;
  /** Bitset of rows whose field has a value; null: all. */
  readonly present: Uint32Array | null;
  /** Bitset of rows where the path is there and not null; null where there is no path. */
  readonly existing: Uint32Array | null;
}

const ROWS_PER_STEP = 8_192;

const KIND_OF: Readonly<Record<Exclude<ScalarType, 'JSON' | 'Array' | 'VarChar'>, NumberValues['kind']>> = {
  Bool: 'bool', Int8: 'int8', Int16: 'int16', Int32: 'int32', Int64: 'int64', Float: 'float', Double: 'double',
};

export function* entriesOf(column: Column, { path, cast }: Target): Steps<Entries> {
  if (path !== null) return yield* jsonEntries(column, path, cast!);
  const { length, validity, offsets } = column;
  const like = { present: presentRows(column), existing: null };
  if (column.type === 'Array') {
    const elements = column.elements!;
    const rows = new Uint32Array(elements.length);
    for (let row = 0; row < length; row++) rows.fill(row, offsets![row]!, offsets![row + 1]!);
    // Of a row without a value there are no elements.
    return { ...like, values: plainValues(elements), rows, isMulti: true };
  }
  const values = plainValues(column);
  if (validity === null) return { ...like, values, rows: firstNumbers(length), isMulti: false };
  const rows = rowsOf(like.present!, length);
  return { ...like, values: taken(values, rows), rows, isMulti: false };
}

function presentRows({ validity, length }: Column): Uint32Array | null {
  if (validity === null) return null;
  const present = new Uint32Array(truthWords(length));
  for (let row = 0; row < length; row++) if (getBit(validity, row)) present[row >>> 5]! |= 1 << (row & 31);
  return present;
}

function rowsOf(bits: Uint32Array, length: number): Uint32Array {
  const rows = new Uint32Array(length);
  let count = 0;
  for (let row = 0; row < length; row++) if (((bits[row >>> 5]! >>> (row & 31)) & 1) === 1) rows[count++] = row;
  return rows.slice(0, count);
}

function plainValues({ type, values, offsets, length }: Column): EntryValues {
  if (type === 'VarChar') return { kind: 'text', bytes: values as Uint8Array, offsets: offsets! };
  if (type === 'Bool') {
    const bits = values as Uint8Array;
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = (bits[i >> 3]! >> (i & 7)) & 1;
    return { kind: 'bool', values: bytes };
  }
  return { kind: KIND_OF[type as keyof typeof KIND_OF], values: (values as Float64Array).subarray(0, length) };
}

function taken(values: EntryValues, rows: Uint32Array): EntryValues {
  if (values.kind !== 'text') {
    const source = values.values as Float64Array;
    const target = new (source.constructor as Float64ArrayConstructor)(rows.length);
    for (let i = 0; i < rows.length; i++) target[i] = source[rows[i]!]!;
    return { kind: values.kind, values: target };
  }
  const builder = new TextBuilder();
  for (const row of rows) builder.addBytes(values.bytes, values.offsets[row]!, values.offsets[row + 1]!);
  return builder.finish();
}

/** Where values of JSON go. */
interface Sink {
  /** Takes the value that the scanner has found; false where it is of another type. */
  add(scanner: JsonScanner, bytes: Uint8Array): boolean;
  finish(): EntryValues;
}

function* jsonEntries(column: Column, path: JsonPath, cast: Cast): Steps<Entries> {
  const { length, validity, offsets } = column;
  const bytes = column.values as Uint8Array;
  const existing = new Uint32Array(truthWords(length));
  const isMulti = cast.startsWith('array_');
  const type = isMulti ? cast.slice(6) : cast;
  const sink: Sink = type === 'varchar' ? new TextBuilder() : new NumberBuilder(type as 'bool' | 'double');
  const rows = new Growing();
  const scanner = new JsonScanner();
  const compiled = compileJsonPath(path);
  for (let row = 0; row < length; row++) {
    if (row % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield;
    if (validity !== null && !getBit(validity, row)) continue;
    const kind = scanner.find(bytes, offsets![row]!, offsets![row + 1]!, compiled);
    if (kind === 'missing' || kind === 'null') continue;
    existing[row >>> 5]! |= 1 << (row & 31);
    if (!isMulti) {
      if (sink.add(scanner, bytes)) rows.push(row);
    } else if (kind === 'array') {
      const { to } = scanner;
      for (let at = scanner.from; scanner.next(bytes, at, to) !== 'missing'; at = scanner.to) if (sink.add(scanner, bytes)) rows.push(row);
    }
  }
  return { values: sink.finish(), rows: rows.finish(), isMulti, present: presentRows(column), existing };
}

/** 0 to count - 1. */
export function firstNumbers(count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = i;
  return numbers;
}

/** u32 one after another. */
export class Growing {
  #values = new Uint32Array(1_024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Uint32Array(this.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length++] = value;
  }

  /** What there is; a view, until the next one comes. */
  get all(): Uint32Array {
    return this.#values.subarray(0, this.length);
  }

  finish(): Uint32Array {
    return this.#values.slice(0, this.length);
  }
}

class NumberBuilder implements Sink {
  readonly #kind: 'bool' | 'double';
  #values = new Float64Array(1_024);
  #length = 0;

  constructor(kind: 'bool' | 'double') {
    this.#kind = kind;
  }

  add({ kind, from, to }: JsonScanner, bytes: Uint8Array): boolean {
    if (this.#kind === 'bool' ? kind !== 'true' && kind !== 'false' : kind !== 'number') return false;
    const value = kind === 'number' ? Number(readJsonNumber(bytes, from, to)) : Number(kind === 'true');
    if (value !== value) return false;
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
    return true;
  }

  finish(): EntryValues {
    const values = this.#values.slice(0, this.#length);
    return this.#kind === 'bool' ? { kind: 'bool', values: Uint8Array.from(values) } : { kind: 'double', values };
  }
}

class TextBuilder implements Sink {
  #bytes = new Uint8Array(16_384);
  #length = 0;
  readonly #offsets = new Growing();

  constructor() {
    this.#offsets.push(0);
  }

  add({ kind, from, to }: JsonScanner, bytes: Uint8Array): boolean {
    if (kind !== 'string') return false;
    this.#reserve(to - from);
    this.#length = decodeJsonString(bytes, from, to, this.#bytes, this.#length);
    this.#offsets.push(this.#length);
    return true;
  }

  addBytes(bytes: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from);
    for (let at = from; at < to; at++) this.#bytes[this.#length++] = bytes[at]!;
    this.#offsets.push(this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#length + count, 2 * this.#bytes.length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  finish(): EntryValues {
    return { kind: 'text', bytes: this.#bytes.slice(0, this.#length), offsets: this.#offsets.finish() };
  }
}
