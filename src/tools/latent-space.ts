/**
 * A latent space of texts: words that are used alike lie close, and a text lies where its words do (S. Deerwester, S. Dumais, G. Furnas, T. Landauer, R. Harshman,
 * "Indexing by latent semantic analysis", 1990). Rows of TF-IDF (1 + ln count, ln((1 + n) / (1 + documents)) + 1, unit length), of which the strongest directions are kept.
 */
import type { Kernels } from '../kernels/kernels.ts';
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import { yieldToHost } from '../util/yield.ts';
import { BagWriter } from './bags.ts';
import { DIM_MAX, TERMS_MAX, bitsOf, contentHash, corruptLatent, readLatent, writeLatent, type LatentBits, type LatentContent } from './latent-bytes.ts';
import { logarithm } from './logarithm.ts';
import { integer, withBlocks } from './matrix.ts';
import { paceOf, type Pace, type Progress } from './pace.ts';
import { truncatedSvd, type SparseMatrix } from './sparse-svd.ts';
import { Vocabulary } from './vocabulary.ts';
import { chooseTerms, type ChosenTerms } from './word-counts.ts';
import { eachWord, eachWordOfPiece } from './words.ts';

export type { LatentBits } from './latent-bytes.ts';

const MAX_TERMS = 20_000;
/** Fewer texts than this keep words that are in one of them alone. */
const FEW_TEXTS = 1000;
/** Texts and words that go through a kernel at once, about. */
const BLOCK = { rows: 256, entries: 16_384 };

export interface LatentSpaceOptions {
  /** 2 to 1,024. 64 to 192 do for most texts. */
  readonly dim: number;
  /** How many terms are kept, those in the most texts; 1 to 200,000. Default: 20,000. */
  readonly maxTerms?: number;
  /** In how many texts a term must be, from 1. Default: 2, and 1 for fewer than 1,000 texts. */
  readonly minDocuments?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface NeighbourTerm {
  readonly term: string;
  /** Cosine, -1 to 1. */
  readonly similarity: number;
}

export class LatentSpace {
  /** Of the vectors. */
  readonly dim: number;
  /** How many terms are known. */
  readonly terms: number;
  /** How many texts the space was fitted to. */
  readonly documents: number;
  /** `latent-96-1a2b3c4d`: dimensions and a hash of the content. The same after `toBytes` and `loadLatentSpace`, whatever the bits. */
  readonly id: string;
  /**
   * `embed` in slices of at most about 10 ms, between which the host runs and the signal is heard: what a schema's `embedder` is registered as.
   * Rejects with ABORTED, and with INVALID_ARGUMENT for what is no text.
   */
  readonly embedder: (texts: readonly string[], options?: { readonly signal?: AbortSignal }) => Promise<Float32Array>;
  readonly #kernels: Kernels;
  readonly #vocabulary: Vocabulary;
  readonly #hash: number;
  /** `dim` rounded up to a multiple of 4. */
  readonly #width: number;
  /** f32, shape (terms, width), zeros behind dim. In a kernel memory that is this space's own, so that both go together. */
  readonly #projection: number;

  /** `kernels`: of this space alone. */
  constructor(kernels: Kernels, vocabulary: Vocabulary, { dim, documents, hash, projection }: LatentContent) {
    this.#kernels = kernels;
    this.#vocabulary = vocabulary;
    this.#hash = hash;
    this.#width = (dim + 3) & ~3;
    this.dim = dim;
    this.terms = vocabulary.words.length;
    this.documents = documents;
    this.id = `latent-${dim}-${hash.toString(16).padStart(8, '0')}`;
    this.#projection = kernels.arena.alloc(this.terms * this.#width * 4);
    const rows = kernels.arena.f32(this.#projection, this.terms * this.#width).fill(0);
    for (let term = 0; term < this.terms; term++) rows.set(projection.subarray(term * dim, (term + 1) * dim), term * this.#width);
    this.embedder = async (texts, { signal } = {}) => {
      const list = textsOf(texts);
      const pace = paceOf(signal ? { signal } : {});
      const out = new Float32Array(list.length * dim);
      for (const done of this.#embedInSteps(list, out)) {
        const waiting = pace('embedding', done, list.length);
        if (waiting) await waiting;
      }
      return out;
    };
  }

  /** Vectors of texts at unit length, f32, shape (n, dim); zeros where no word is known. The order of the words does not matter. */
  embed(texts: readonly string[]): Float32Array {
    const list = textsOf(texts);
    const out = new Float32Array(list.length * this.dim);
    for (const _ of this.#embedInSteps(list, out));
    return out;
  }

  /** Share of the words of a text that are known, stop words apart, 0 to 1; 0 without a word. */
  knows(text: string): number {
    let words = 0, known = 0;
    eachWord(textsOf([text])[0]!, (word) => {
      const id = this.#vocabulary.idOf(word);
      if (id !== -2) words++;
      if (id >= 0) known++;
    });
    return words === 0 ? 0 : known / words;
  }

  /** The k terms nearest to a text, other than its own words, nearest first; none where no word is known. */
  neighbourTerms(text: string, k: number): NeighbourTerm[] {
    const count = integer('k', k, 1, TERMS_MAX);
    const query = this.embed([text]);
    const own = new Set<number>();
    eachWord(text, (word) => own.add(this.#vocabulary.idOf(word)));
    if (query.every((value) => value === 0)) return [];
    const rows = this.#kernels.arena.f32(this.#projection, this.terms * this.#width);
    const similarities = new Float64Array(this.terms);
    for (let term = 0; term < this.terms; term++) {
      let dot = 0, squares = 0;
      for (let d = 0; d < this.dim; d++) {
        const value = rows[term * this.#width + d]!;
        dot += value * query[d]!;
        squares += value * value;
      }
      similarities[term] = squares === 0 ? 0 : dot / Math.sqrt(squares);
    }
    return Array.from(similarities.keys())
      .filter((term) => !own.has(term))
      .sort((a, b) => similarities[b]! - similarities[a]! || a - b)
      .slice(0, count)
      .map((term) => ({ term: this.#vocabulary.words[term]!, similarity: similarities[term]! }));
  }

  /**
   * Bytes for `loadLatentSpace`. `bits`: of an element of the projection, 32 exactly as it is; default 8. Up to 8 an element takes a byte, and fewer bits make a
   * file that compresses better (`docs/performance.md`).
   */
  toBytes(options: { readonly bits?: LatentBits } = {}): Uint8Array<ArrayBuffer> {
    if (!isRecord(options)) refuse('options', NO_ROW, 'an object { bits }', show(options));
    for (const key in options) if (key !== 'bits') refuse(key, NO_ROW, 'an option of toBytes (bits)', 'an unknown one');
    const bits = bitsOf(options.bits ?? 8);
    const { dim, documents, terms } = this;
    const rows = this.#kernels.arena.f32(this.#projection, terms * this.#width);
    const projection = new Float32Array(terms * dim);
    for (let term = 0; term < terms; term++) projection.set(rows.subarray(term * this.#width, term * this.#width + dim), term * dim);
    return writeLatent({ dim, documents, hash: this.#hash, words: this.#vocabulary.words, projection }, bits);
  }

  /** Fills `out`; yields how many texts have been read, after every piece of a text. */
  *#embedInSteps(texts: readonly string[], out: Float32Array): Generator<number, void> {
    const writer = new BagWriter();
    const add = (word: string): void => {
      const id = this.#vocabulary.idOf(word);
      if (id >= 0) writer.add(id);
    };
    let first = 0;
    for (const [row, text] of texts.entries()) {
      for (let at = 0; at < text.length; ) {
        at = eachWordOfPiece(text, at, add);
        yield row;
      }
      writer.endRow();
      if (writer.rows < BLOCK.rows && writer.entries < BLOCK.entries && row < texts.length - 1) continue;
      this.#project(writer, out.subarray(first * this.dim, (row + 1) * this.dim));
      writer.clear();
      first = row + 1;
    }
  }

  #project(writer: BagWriter, out: Float32Array): void {
    const { rows, offsets, ids, counts } = writer.bags;
    const { arena, exports } = this.#kernels;
    const width = this.#width;
    withBlocks(this.#kernels, [(rows + 1) * 4, ids.length * 4, ids.length * 4, rows * width * 4], (offsetsPtr, idsPtr, weightsPtr, to) => {
      arena.u32(offsetsPtr, rows + 1).set(offsets);
      arena.u32(idsPtr, ids.length).set(ids);
      const weights = arena.f32(weightsPtr, ids.length);
      for (let i = 0; i < ids.length; i++) weights[i] = frequencyWeight(counts[i]!);
      exports.sparseProject(offsetsPtr, idsPtr, weightsPtr, 0, rows, this.#projection, width, to);
      for (let row = 0; row < rows; row++) {
        exports.normalize(to + row * width * 4, width);
        out.set(arena.f32(to + row * width * 4, this.dim), row * this.dim);
      }
    });
  }
}

/** Of a term that a text has so many times. */
const frequencyWeight = (count: number): number => (count === 1 ? 1 : 1 + logarithm(count));

function textsOf(texts: unknown): readonly string[] {
  if (!Array.isArray(texts)) refuse('texts', NO_ROW, 'an array of strings', show(texts));
  // A copy, because what is embedded later is what was checked. Holes are undefined here.
  const list = [...texts] as unknown[];
  list.forEach((text, row) => {
    if (typeof text !== 'string') refuse('texts', row, 'a string', show(text));
  });
  return list as string[];
}

const OPTIONS = ['dim', 'maxTerms', 'minDocuments', 'signal', 'onProgress'];

/** `kernels` for the work, `own` for the space. INVALID_ARGUMENT for texts of which no term is left; ABORTED when the signal fires; OUT_OF_MEMORY. */
export async function fitLatent(kernels: Kernels, own: () => Kernels, texts: readonly string[], options: LatentSpaceOptions): Promise<LatentSpace> {
  if (!isRecord(options)) refuse('options', NO_ROW, 'an object { dim, maxTerms, minDocuments }', show(options));
  for (const key in options) if (!OPTIONS.includes(key)) refuse(key, NO_ROW, `an option of fitLatentSpace (${OPTIONS.join(', ')})`, 'an unknown one');
  const dim = integer('dim', options.dim, 2, DIM_MAX);
  const maxTerms = integer('maxTerms', options.maxTerms ?? MAX_TERMS, 1, TERMS_MAX);
  const list = textsOf(texts);
  const minDocuments = integer('minDocuments', options.minDocuments ?? (list.length < FEW_TEXTS ? 1 : 2), 1, 0xffff_ffff);
  const pace = paceOf(options);
  const chosen = await chooseTerms(list, maxTerms, minDocuments, pace);
  if (chosen.words.length === 0) refuse('texts', NO_ROW, `texts with a word that is in at least ${minDocuments} of them`, `${list.length} without one`);
  const inverse = inverseFrequencies(chosen.documents, list.length);
  const matrix = await weighted(chosen, inverse, pace);
  const { vectors: projection } = await truncatedSvd(kernels, matrix, dim, (done, total) => pace('finding directions', done, total));
  options.onProgress?.({ phase: 'finding directions', done: 1, total: 1 });
  // Each step from here takes some milliseconds.
  await yieldToHost();
  weighTerms(projection, dim, inverse);
  await yieldToHost();
  const content = { dim, documents: list.length, words: chosen.words, projection };
  const hash = contentHash(content);
  const vocabulary = new Vocabulary(chosen.words);
  await yieldToHost();
  return new LatentSpace(own(), vocabulary, { ...content, hash });
}

/** Smooth inverse document frequencies, as if one more text had every term: rare terms weigh more, none weighs nothing. */
function inverseFrequencies(documents: Uint32Array, rows: number): Float32Array {
  return Float32Array.from(documents, (count) => logarithm((1 + rows) / (1 + count)) + 1);
}

/**
 * Scales the row of every term to its inverse document frequency. As the decomposition has it, a row is the shorter the rarer its term, as little of it lies in the directions that are kept, so
 * that in a text of a rare and a common word the common one would decide.
 */
function weighTerms(projection: Float32Array, dim: number, inverse: Float32Array): void {
  for (const [term, weight] of inverse.entries()) {
    const row = projection.subarray(term * dim, (term + 1) * dim);
    let squares = 0;
    for (let d = 0; d < dim; d++) squares += row[d]! * row[d]!;
    const scale = squares === 0 ? 0 : weight / Math.sqrt(squares);
    for (let d = 0; d < dim; d++) row[d]! *= scale;
  }
}

/** Rows of TF-IDF at unit length. */
async function weighted({ words, bags }: ChosenTerms, inverse: Float32Array, pace: Pace): Promise<SparseMatrix> {
  const { rows, offsets, ids, counts } = bags;
  const weights = new Float32Array(ids.length);
  for (let row = 0; row < rows; row++) {
    const from = offsets[row]!, to = offsets[row + 1]!;
    let squares = 0;
    for (let i = from; i < to; i++) {
      weights[i] = frequencyWeight(counts[i]!) * inverse[ids[i]!]!;
      squares += weights[i]! * weights[i]!;
    }
    const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
    for (let i = from; i < to; i++) weights[i]! *= scale;
    const waiting = row % BLOCK.rows === 0 ? pace('weighing terms', row, rows) : undefined;
    if (waiting) await waiting;
  }
  return { rows, columns: words.length, offsets, terms: ids, weights };
}

/** A space from its bytes. CORRUPT or FORMAT_UNSUPPORTED for what `toBytes` of this release did not give. */
export function restoreLatent(own: () => Kernels, bytes: unknown): LatentSpace {
  if (!(bytes instanceof Uint8Array)) refuse('bytes', NO_ROW, 'a Uint8Array that toBytes() of a LatentSpace gave', show(bytes));
  const content = readLatent(bytes);
  const vocabulary = new Vocabulary(content.words);
  if (!vocabulary.isWhole) throw corruptLatent('words out of order, or of one term');
  return new LatentSpace(own(), vocabulary, content);
}
