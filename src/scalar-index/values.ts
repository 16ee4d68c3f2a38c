/** Values in ascending order, each at a position, and which positions a literal stands for. */
import { compareBytes } from '../util/utf8-order.ts';
import type { Literal } from '../filter/predicate.ts';
import type { TextPattern } from '../filter/patterns/pattern.ts';
import { ElanusError } from '../util/error.ts';
import type { IndexSection } from './index.ts';
import { ENTRIES_PER_STEP, type EntryValues, type NumberValues, type Steps, type ValueKind } from './sort.ts';

/** Persisted: never renumber. */
export const VALUE_KINDS: readonly ValueKind[] = ['bool', 'int8', 'int16', 'int32', 'int64', 'float', 'double', 'text'];

const VALUE_BYTES = { bool: 1, int8: 1, int16: 2, int32: 4, int64: 8, float: 4, double: 8 } as const;

export interface SortedValues {
  readonly kind: ValueKind;
  readonly count: number;
  readonly memoryBytes: number;
  /** Whether a literal is compared with the values as they are. */
  isComparable(literal: unknown): literal is Literal;
  /** The first position of a value that is not less. REQUIRES a comparable literal, as the next one does. */
  lower(literal: Literal): number;
  /** The first position of a value that is greater. */
  upper(literal: Literal): number;
  sections(): IndexSection[];
}

const bytesOf = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Binary search for the first of `count` positions of which `isBehind` is true. */
function search(count: number, isBehind: (at: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBehind(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const boundOf = (literal: Literal): number | bigint => (typeof literal === 'boolean' ? Number(literal) : (literal as number | bigint));

export class SortedNumbers implements SortedValues {
  readonly kind: NumberValues['kind'];
  readonly #values: NumberValues['values'];
  readonly #literalType: string;

  constructor({ kind, values }: NumberValues) {
    this.kind = kind;
    this.#values = values;
    this.#literalType = kind === 'bool' ? 'boolean' : kind === 'int64' ? 'bigint' : 'number';
  }

  get count(): number {
    return this.#values.length;
  }

  get memoryBytes(): number {
    return this.#values.byteLength;
  }

  isComparable(literal: unknown): literal is Literal {
    return typeof literal === this.#literalType && literal === literal;
  }

  lower(literal: Literal): number {
    const values = this.#values;
    const bound = boundOf(literal);
    return search(values.length, (at) => values[at]! >= bound);
  }

  upper(literal: Literal): number {
    const values = this.#values;
    const bound = boundOf(literal);
    return search(values.length, (at) => values[at]! > bound);
  }

  sections(): IndexSection[] {
    return [{ name: 'values', bytes: bytesOf(this.#values) }];
  }
}

const encoder = new TextEncoder();

export class SortedTexts implements SortedValues {
  readonly kind = 'text';
  readonly #bytes: Uint8Array;
  readonly #offsets: Uint32Array;

  /** `offsets`: one more than there are texts. */
  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.#bytes = bytes;
    this.#offsets = offsets;
  }

  get count(): number {
    return this.#offsets.length - 1;
  }

  get memoryBytes(): number {
    return this.#bytes.byteLength + this.#offsets.byteLength;
  }

  isComparable(literal: unknown): literal is Literal {
    return typeof literal === 'string';
  }

  #compare(at: number, text: Uint8Array): number {
    return compareBytes(this.#bytes, this.#offsets[at]!, this.#offsets[at + 1]!, text, 0, text.length);
  }

  lower(literal: Literal): number {
    const text = encoder.encode(literal as string);
    return search(this.count, (at) => this.#compare(at, text) >= 0);
  }

  upper(literal: Literal): number {
    const text = encoder.encode(literal as string);
    return search(this.count, (at) => this.#compare(at, text) > 0);
  }

  /** Positions [from, to) of texts that begin so. */
  beginningWith(prefix: string): readonly [number, number] {
    const text = encoder.encode(prefix);
    const from = this.lower(prefix);
    const isBehind = (at: number): boolean => {
      const start = this.#offsets[at]!;
      return compareBytes(this.#bytes, start, Math.min(this.#offsets[at + 1]!, start + text.length), text, 0, text.length) > 0;
    };
    return [from, search(this.count, isBehind)];
  }

  matches(pattern: TextPattern, at: number): boolean {
    return pattern.test(this.#bytes, this.#offsets[at]!, this.#offsets[at + 1]!);
  }

  sections(): IndexSection[] {
    return [
      { name: 'values', bytes: this.#bytes },
      { name: 'offsets', bytes: bytesOf(this.#offsets) },
    ];
  }
}

/** Those of the entries that `order` names, in that order. */
export function* takeValues(entries: EntryValues, order: Uint32Array): Steps<SortedValues> {
  const { length } = order;
  if (entries.kind !== 'text') {
    const values = entries.values.slice(0, 0);
    const taken = new (values.constructor as Float64ArrayConstructor)(length) as Float64Array;
    const source = entries.values as Float64Array;
    for (let i = 0; i < length; i++) taken[i] = source[order[i]!]!;
    return new SortedNumbers({ kind: entries.kind, values: taken });
  }
  const offsets = new Uint32Array(length + 1);
  for (let i = 0; i < length; i++) offsets[i + 1] = offsets[i]! + entries.offsets[order[i]! + 1]! - entries.offsets[order[i]!]!;
  const bytes = new Uint8Array(offsets[length]!);
  for (let i = 0; i < length; i++) {
    if (i % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    let to = offsets[i]!;
    for (let from = entries.offsets[order[i]!]!; from < entries.offsets[order[i]! + 1]!; from++) bytes[to++] = entries.bytes[from]!;
  }
  return new SortedTexts(bytes, offsets);
}

/** Whether entries a and b have the same value. */
export function isSameValue(entries: EntryValues, a: number, b: number): boolean {
  if (entries.kind !== 'text') return entries.values[a] === entries.values[b];
  const { bytes, offsets } = entries;
  return compareBytes(bytes, offsets[a]!, offsets[a + 1]!, bytes, offsets[b]!, offsets[b + 1]!) === 0;
}

/** A section that must be there and be an array of so many u32. */
export function takeU32(sections: Sections, name: string, length: number | null): Uint32Array {
  const bytes = takeBytes(sections, name);
  if (bytes.length % 4 !== 0 || (length !== null && bytes.length !== 4 * length)) throw corrupt(name, length === null ? 'whole u32' : `${4 * length} bytes`, `${bytes.length} bytes`);
  return bytes.byteOffset % 4 === 0 ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) : new Uint32Array(bytes.slice().buffer);
}

export function takeBytes(sections: Sections, name: string): Uint8Array {
  const bytes = sections.get(name);
  if (!bytes) throw corrupt(name, 'a section of that name', 'none');
  return bytes;
}

export type Sections = ReadonlyMap<string, Uint8Array>;

export const corrupt = (section: string, expected: string, got: string): ElanusError =>
  new ElanusError('CORRUPT', `"${section}" of a scalar index expected ${expected}, got ${got}`, { section });

/** CORRUPT unless the offsets begin with 0, do not descend, and end with `end`. */
export function checkOffsets(name: string, offsets: Uint32Array, end: number): void {
  let isFit = offsets[0] === 0 && offsets[offsets.length - 1] === end;
  for (let i = 1; i < offsets.length && isFit; i++) isFit = offsets[i]! >= offsets[i - 1]!;
  if (!isFit) throw corrupt(name, `ascending offsets up to ${end}`, 'others');
}

/** What `SortedValues.sections` gave. CORRUPT where it cannot have. */
export function openValues(sections: Sections, kind: ValueKind, count: number): SortedValues {
  const bytes = takeBytes(sections, 'values');
  if (kind === 'text') {
    const offsets = takeU32(sections, 'offsets', count + 1);
    checkOffsets('offsets', offsets, bytes.length);
    for (let i = 1; i < count; i++) {
      if (compareBytes(bytes, offsets[i - 1]!, offsets[i]!, bytes, offsets[i]!, offsets[i + 1]!) > 0) throw corrupt('values', 'ascending texts', `another at ${i}`);
    }
    return new SortedTexts(bytes, offsets);
  }
  if (bytes.length !== count * VALUE_BYTES[kind]) throw corrupt('values', `${count * VALUE_BYTES[kind]} bytes`, `${bytes.length}`);
  const values = viewNumbers(kind, bytes.byteOffset % VALUE_BYTES[kind] === 0 ? bytes : bytes.slice(), count);
  for (let i = 1; i < count; i++) if (!(values[i - 1]! <= values[i]!)) throw corrupt('values', 'ascending values', `another at ${i}`);
  return new SortedNumbers({ kind, values });
}

function viewNumbers(kind: NumberValues['kind'], { buffer, byteOffset }: Uint8Array, count: number): NumberValues['values'] {
  switch (kind) {
    case 'bool':
      return new Uint8Array(buffer, byteOffset, count);
    case 'int8':
      return new Int8Array(buffer, byteOffset, count);
    case 'int16':
      return new Int16Array(buffer, byteOffset, count);
    case 'int32':
      return new Int32Array(buffer, byteOffset, count);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, count);
    case 'float':
      return new Float32Array(buffer, byteOffset, count);
    case 'double':
      return new Float64Array(buffer, byteOffset, count);
  }
}
