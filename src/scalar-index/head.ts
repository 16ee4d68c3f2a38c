/** What all index files of scalar fields begin with: the sections `head`, `present` and `existing`. */
import { truthWords } from '../filter/predicate.ts';
import { ByteReader, ByteWriter } from '../util/bytes.ts';
import { ElanusError } from '../util/error.ts';
import type { IndexSection } from './index.ts';
import { bytesOf } from './places.ts';
import { corrupt, takeBytes, takeU32, type Sections } from './values.ts';

const VERSION = 1;
const HAS_PRESENT = 1;
const HAS_EXISTING = 2;

/** By code, which is persisted: never renumber. */
export const STRUCTURES = ['postings', 'bitmaps', 'sorted', 'ngrams'] as const;
export type Structure = (typeof STRUCTURES)[number];

/** What an index knows of its rows apart from their values. */
export interface Rows {
  readonly rows: number;
  /** Bitset of those that have a value; null: all. */
  readonly present: Uint32Array | null;
  /** Bitset of those where a path is there and not null; null where there is no path. */
  readonly existing: Uint32Array | null;
}

export interface Head extends Rows {
  readonly structure: Structure;
  /** Of the structure: what kind of values, and how many; how long the n-grams are. */
  readonly numbers: readonly [number, number];
}

export function headSections({ structure, rows, present, existing, numbers }: Head): IndexSection[] {
  const flags = (present ? HAS_PRESENT : 0) | (existing ? HAS_EXISTING : 0);
  const head = new ByteWriter().u8(VERSION).u8(STRUCTURES.indexOf(structure)).u16(flags).u32(rows).u32(numbers[0]).u32(numbers[1]);
  const sections: IndexSection[] = [{ name: 'head', bytes: head.finish() }];
  if (present) sections.push({ name: 'present', bytes: bytesOf(present) });
  if (existing) sections.push({ name: 'existing', bytes: bytesOf(existing) });
  return sections;
}

/** CORRUPT where it is not about so many rows; FORMAT_UNSUPPORTED where a newer release wrote it. */
export function openHead(sections: Sections, rows: number): Head {
  const reader = new ByteReader(takeBytes(sections, 'head'), 'head of a scalar index');
  const version = reader.u8();
  if (version !== VERSION) throw new ElanusError('FORMAT_UNSUPPORTED', `the version of a scalar index expected ${VERSION}, got ${version}: it was written by a newer release`, { version });
  const structure = STRUCTURES[reader.u8()];
  const flags = reader.u16();
  const stored = reader.u32();
  const numbers = [reader.u32(), reader.u32()] as const;
  reader.end();
  if (structure === undefined || flags > 3) throw corrupt('head', 'a known structure', 'another');
  if (stored !== rows) throw corrupt('head', `${rows} rows`, String(stored));
  const bits = (name: string): Uint32Array => {
    const words = takeU32(sections, name, truthWords(rows));
    for (let word = rows >>> 5; word < words.length; word++) {
      if ((word === rows >>> 5 ? words[word]! & (-1 << (rows & 31)) : words[word]!) !== 0) throw corrupt(name, `bits of ${rows} rows`, 'more');
    }
    return words;
  };
  return { structure, rows, numbers, present: flags & HAS_PRESENT ? bits('present') : null, existing: flags & HAS_EXISTING ? bits('existing') : null };
}

/** Bits of all rows: the complement of `bits` within those that are present. */
export function complement(bits: Uint32Array, { rows, present }: Rows): Uint32Array {
  const out = new Uint32Array(bits.length);
  for (let word = 0; word < out.length; word++) out[word] = ~bits[word]! & (present ? present[word]! : -1);
  clearBeyond(out, rows);
  return out;
}

function clearBeyond(bits: Uint32Array, rows: number): void {
  const word = rows >>> 5;
  if (word >= bits.length) return;
  bits[word]! &= ~(-1 << (rows & 31));
  bits.fill(0, word + 1);
}

/** Rows without a value; null where every row has one. */
export const unknownRows = (about: Rows): Uint32Array | null => about.present && complement(about.present, { ...about, present: null });

export function countBits(bits: Uint32Array): number {
  let count = 0;
  for (let word of bits) {
    word -= (word >>> 1) & 0x5555_5555;
    word = (word & 0x3333_3333) + ((word >>> 2) & 0x3333_3333);
    count += (((word + (word >>> 4)) & 0x0f0f_0f0f) * 0x0101_0101) >>> 24;
  }
  return count;
}
