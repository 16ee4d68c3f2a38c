/**
 * Which rows have a text with a given n-gram, a run of n characters: NGRAM. A text that contains another has all n-grams of
 * it, so rows that have them are candidates for `like` and for regular expressions. N-grams are known by a hash of 32 bits: two of the same
 * hash are taken for one, which makes more candidates and loses none.
 *
 * The rows of an n-gram are differences of ascending numbers, seven bits a byte, the lowest first, the eighth bit set where more follow.
 */
import { truthWords, type Leaf, type Truth } from '../filter/predicate.ts';
import type { TextPattern } from '../filter/patterns/pattern.ts';
import { Growing, type Entries } from './entries.ts';
import { headSections, unknownRows, type Rows } from './head.ts';
import { isOver, type Answer, type IndexSection, type ScalarIndex, type Target } from './index.ts';
import { bytesOf } from './places.ts';
import { sortedOrder, type Steps, type TextValues } from './sort.ts';
import { checkOffsets, corrupt, takeBytes, takeU32, type Sections } from './values.ts';

export interface GramLengths {
  readonly min: number;
  readonly max: number;
}

const encoder = new TextEncoder();
const ROWS_PER_STEP = 4_096;
const POSTINGS_PER_STEP = 1 << 19;
/** FNV-1a. */
const HASH_BASIS = 0x811c_9dc5;
const HASH_PRIME = 0x0100_0193;

/** Calls back with the hash of each n-gram of min to max characters in bytes [from, to), well-formed UTF-8. */
function eachGram(bytes: Uint8Array, from: number, to: number, { min, max }: GramLengths, visit: (hash: number) => void): void {
  for (let start = from; start < to; start = nextCharacter(bytes, start, to)) {
    let hash = HASH_BASIS;
    let at = start;
    for (let length = 1; length <= max && at < to; length++) {
      const end = nextCharacter(bytes, at, to);
      for (; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, HASH_PRIME);
      if (length >= min) visit(hash >>> 0);
    }
  }
}

function nextCharacter(bytes: Uint8Array, at: number, to: number): number {
  do at++;
  while (at < to && (bytes[at]! & 0xc0) === 0x80);
  return at;
}

/** A number for each hash, in the order of coming. */
class Numbers {
  #hashes = new Uint32Array(1 << 12);
  /** Number + 1; 0: free. */
  #numbers = new Uint32Array(1 << 12);
  readonly #known = new Growing();

  numberOf(hash: number): number {
    if (this.#known.length * 2 >= this.#numbers.length) this.#grow();
    const slot = this.#slot(hash);
    if (this.#numbers[slot] === 0) {
      this.#hashes[slot] = hash;
      this.#known.push(hash);
      this.#numbers[slot] = this.#known.length;
    }
    return this.#numbers[slot]! - 1;
  }

  #slot(hash: number): number {
    const mask = this.#numbers.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (this.#numbers[slot] !== 0 && this.#hashes[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const hashes = this.#known.all;
    this.#hashes = new Uint32Array(this.#hashes.length * 2);
    this.#numbers = new Uint32Array(this.#hashes.length);
    hashes.forEach((hash, number) => {
      const slot = this.#slot(hash);
      this.#hashes[slot] = hash;
      this.#numbers[slot] = number + 1;
    });
  }

  finish(): Uint32Array {
    return this.#known.finish();
  }
}

/** REQUIRES texts, at most one a row. */
export function* buildNgrams(entries: Entries, rows: number, lengths: GramLengths): Steps<IndexSection[]> {
  const { bytes, offsets } = entries.values as TextValues;
  const numbers = new Numbers();
  // The number of each n-gram of each entry, once; those of entry i end at ends[i].
  const grams = new Growing();
  const ends = new Uint32Array(entries.rows.length);
  /** By number: one more than the last entry that has it. */
  let seen = new Uint32Array(1 << 12);
  for (let entry = 0; entry < ends.length; entry++) {
    eachGram(bytes, offsets[entry]!, offsets[entry + 1]!, lengths, (hash) => {
      const number = numbers.numberOf(hash);
      if (number >= seen.length) {
        const grown = new Uint32Array(seen.length * 2);
        grown.set(seen);
        seen = grown;
      }
      if (seen[number] === entry + 1) return;
      seen[number] = entry + 1;
      grams.push(number);
    });
    ends[entry] = grams.length;
    if (entry % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield;
  }
  const hashes = numbers.finish();
  const postings = yield* postingsOf(grams.all, ends, entries.rows, hashes.length);
  yield;
  return yield* sectionsOf(entries, rows, lengths, hashes, postings);
}

/** Rows by number of n-gram: those of number n are rows [starts[n], starts[n + 1]). */
interface GramRows {
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
}

function* postingsOf(grams: Uint32Array, ends: Uint32Array, entryRows: Uint32Array, count: number): Steps<GramRows> {
  const starts = new Uint32Array(count + 1);
  for (let i = 0; i < grams.length; i++) {
    if (i % POSTINGS_PER_STEP === POSTINGS_PER_STEP - 1) yield;
    starts[grams[i]! + 1]!++;
  }
  for (let number = 0; number < count; number++) starts[number + 1]! += starts[number]!;
  yield;
  const next = starts.slice();
  const rows = new Uint32Array(grams.length);
  let at = 0;
  for (let entry = 0; entry < ends.length; entry++) {
    for (; at < ends[entry]!; at++) rows[next[grams[at]!]!++] = entryRows[entry]!;
    if (entry % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield;
  }
  return { starts, rows };
}

function* sectionsOf(entries: Entries, rows: number, { min, max }: GramLengths, hashes: Uint32Array, postings: GramRows): Steps<IndexSection[]> {
  // Unsigned order is that of the ints with the sign turned.
  const order = yield* sortedOrder({ kind: 'int32', values: Int32Array.from(hashes, (hash) => hash ^ 0x8000_0000) }, hashes.length);
  const counts = new Uint32Array(order.length);
  const starts = new Uint32Array(order.length + 1);
  // A difference takes at most five bytes, and mostly one.
  let bytes = new Uint8Array(postings.rows.length * 2 + 64);
  let at = 0;
  let step = POSTINGS_PER_STEP;
  for (let position = 0; position < order.length; position++) {
    if (at > step) {
      step = at + POSTINGS_PER_STEP;
      yield;
    }
    const from = postings.starts[order[position]!]!;
    const to = postings.starts[order[position]! + 1]!;
    counts[position] = to - from;
    if (at + 5 * (to - from) > bytes.length) {
      const grown = new Uint8Array(bytes.length * 2 + 5 * (to - from));
      grown.set(bytes);
      bytes = grown;
    }
    let before = 0;
    for (let i = from; i < to; i++) {
      let difference = postings.rows[i]! - before;
      before = postings.rows[i]!;
      for (; difference > 0x7f; difference >>>= 7) bytes[at++] = (difference & 0x7f) | 0x80;
      bytes[at++] = difference;
    }
    starts[position + 1] = at;
  }
  const about: Rows = { rows, present: entries.present, existing: entries.existing };
  return [
    ...headSections({ ...about, structure: 'ngrams', numbers: [min, max] }),
    { name: 'grams', bytes: bytesOf(order.map((number) => hashes[number]!)) },
    { name: 'counts', bytes: bytesOf(counts) },
    { name: 'starts', bytes: bytesOf(starts) },
    { name: 'postings', bytes: bytes.slice(0, at) },
  ];
}

export function openNgrams(sections: Sections, target: Target, about: Rows, [min, max]: readonly [number, number]): NgramIndex {
  if (min < 1 || max < min) throw corrupt('head', 'lengths of n-grams', `${min} to ${max}`);
  const grams = takeU32(sections, 'grams', null);
  for (let i = 1; i < grams.length; i++) if (grams[i]! <= grams[i - 1]!) throw corrupt('grams', 'ascending hashes', `another at ${i}`);
  const counts = takeU32(sections, 'counts', grams.length);
  const starts = takeU32(sections, 'starts', grams.length + 1);
  const postings = takeBytes(sections, 'postings');
  checkOffsets('starts', starts, postings.length);
  for (let i = 0; i < grams.length; i++) checkPostings(postings, starts[i]!, starts[i + 1]!, counts[i]!, about.rows);
  return new NgramIndex(target, about, { min, max }, { grams, counts, starts, postings });
}

function checkPostings(bytes: Uint8Array, from: number, to: number, count: number, rows: number): void {
  let row = 0;
  let found = 0;
  for (let at = from; at < to; found++) {
    let factor = 1;
    let byte: number;
    do {
      byte = at < to ? bytes[at++]! : 0;
      row += (byte & 0x7f) * factor;
      factor *= 128;
    } while (byte > 0x7f && row < rows);
    if (row >= rows) throw corrupt('postings', `rows below ${rows}`, String(row));
  }
  if (found !== count) throw corrupt('postings', `${count} rows`, String(found));
}

interface GramPostings {
  /** Hashes, ascending. */
  readonly grams: Uint32Array;
  /** Rows by n-gram. */
  readonly counts: Uint32Array;
  readonly starts: Uint32Array;
  readonly postings: Uint8Array;
}

export class NgramIndex implements ScalarIndex {
  readonly #target: Target;
  readonly #about: Rows;
  readonly #lengths: GramLengths;
  readonly #grams: GramPostings;
  /** The last question. */
  #last: { readonly leaf: Leaf; readonly positions: readonly number[] | null } | null = null;

  constructor(target: Target, about: Rows, lengths: GramLengths, grams: GramPostings) {
    this.#target = target;
    this.#about = about;
    this.#lengths = lengths;
    this.#grams = grams;
  }

  get memoryBytes(): number {
    const { grams, counts, starts, postings } = this.#grams;
    const { present, existing } = this.#about;
    return grams.byteLength + counts.byteLength + starts.byteLength + postings.byteLength + (present?.byteLength ?? 0) + (existing?.byteLength ?? 0);
  }

  answers(leaf: Leaf): Answer {
    return this.#positions(leaf) ? 'candidates' : 'none';
  }

  lookup(leaf: Leaf): Truth {
    const words = truthWords(this.#about.rows);
    const bits = new Uint32Array(words);
    const positions = this.#positions(leaf)!;
    // Rarest first: from then on only what is left over is of interest.
    positions.forEach((position, i) => {
      if (i === 0) return this.#mark(position, bits);
      const others = new Uint32Array(words);
      if (position >= 0) this.#mark(position, others);
      for (let word = 0; word < words; word++) bits[word]! &= others[word]!;
    });
    return { isTrue: bits, isUnknown: unknownRows(this.#about) };
  }

  estimate(leaf: Leaf): number {
    return this.#countOf(this.#positions(leaf)![0]!);
  }

  work(leaf: Leaf): number {
    return this.#positions(leaf)!.reduce((sum, position) => sum + WORK_PER_POSTING * this.#countOf(position) + this.#about.rows / 16, 0);
  }

  #countOf(position: number): number {
    return position < 0 ? 0 : this.#grams.counts[position]!;
  }

  /** Positions of the n-grams that every match has, rarest first, -1 for one that no row has; null where none is known. */
  #positions(leaf: Leaf): readonly number[] | null {
    if (this.#last?.leaf !== leaf) this.#last = { leaf, positions: this.#ask(leaf) };
    return this.#last.positions;
  }

  #ask(leaf: Leaf): readonly number[] | null {
    if ((leaf.kind !== 'like' && leaf.kind !== 'regex') || !isOver(this.#target, leaf.ref)) return null;
    if (leaf.kind === 'regex' && leaf.isNegated) return null;
    const hashes = this.#required(leaf.pattern);
    if (hashes.size === 0) return null;
    const positions = Array.from(hashes, (hash) => this.#find(hash));
    positions.sort((a, b) => this.#countOf(a) - this.#countOf(b));
    // One that no row has decides alone. Of many, a few of the rarest leave little; what is much more frequent takes longer than the rows that it would rule out.
    const most = this.#countOf(positions[0]!) * FREQUENT_FROM;
    return positions.slice(0, GRAMS_MAX).filter((position) => this.#countOf(position) <= most);
  }

  /** Hashes of n-grams, as long as there are, that every match has. */
  #required(pattern: TextPattern): Set<number> {
    const hashes = new Set<number>();
    for (const text of [pattern.prefix, ...pattern.required]) {
      const characters = Array.from(text).length;
      if (characters < this.#lengths.min) continue;
      const length = Math.min(characters, this.#lengths.max);
      const bytes = encoder.encode(text);
      eachGram(bytes, 0, bytes.length, { min: length, max: length }, (hash) => void hashes.add(hash));
    }
    return hashes;
  }

  #find(hash: number): number {
    const { grams } = this.#grams;
    let low = 0;
    let high = grams.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (grams[middle]! < hash) low = middle + 1;
      else high = middle - 1;
    }
    return grams[low] === hash ? low : -1;
  }

  #mark(position: number, bits: Uint32Array): void {
    if (position < 0) return;
    const { postings, starts } = this.#grams;
    const to = starts[position + 1]!;
    let row = 0;
    for (let at = starts[position]!; at < to; ) {
      let byte = postings[at++]!;
      let difference = byte & 0x7f;
      for (let shift = 7; byte > 0x7f; shift += 7) {
        byte = postings[at++]!;
        difference |= (byte & 0x7f) << shift;
      }
      row += difference;
      bits[row >>> 5]! |= 1 << (row & 31);
    }
  }
}

/** N-grams of a pattern that are looked up. */
const GRAMS_MAX = 8;
/** And how many times as frequent as the rarest they may be. */
const FREQUENT_FROM = 16;
/** What passing over a row of an n-gram takes, in rows of a scan of numbers. */
const WORK_PER_POSTING = 1.5;
