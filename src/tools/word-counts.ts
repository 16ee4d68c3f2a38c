/** Which terms the texts of a corpus have, and which of them are worth a place in a vocabulary. */
import { BagWriter, type Bags } from './bags.ts';
import type { Pace } from './pace.ts';
import { sortInSlices } from './sort-in-slices.ts';
import { termOf } from './terms.ts';
import { eachWordOfPiece } from './words.ts';

/** Of more distinct terms and words than this the first are counted. */
const CANDIDATES_MAX = 2 ** 22;
/** Between two pauses. */
const ROWS_AT_A_TIME = 256;
const ENTRIES_AT_A_TIME = 2 ** 17;
const WORDS_AT_A_TIME = 4096;

interface Candidate {
  readonly id: number;
  /** Its most frequent word, of equally frequent ones the smallest. */
  word: string;
  wordCount: number;
}

interface CountedWord {
  readonly word: string;
  readonly candidate: Candidate;
  count: number;
}

export interface ChosenTerms {
  /** Ascending. */
  readonly words: readonly string[];
  /** In how many texts a term is. Shape (words). */
  readonly documents: Uint32Array;
  /** A row per text, of term numbers. */
  readonly bags: Bags;
}

/** The at most `maxTerms` terms that are in the most texts, in at least `minDocuments` of them. */
export async function chooseTerms(texts: readonly string[], maxTerms: number, minDocuments: number, pace: Pace): Promise<ChosenTerms> {
  const { bags, candidates } = await countWords(texts, pace);
  const documents = new Uint32Array(candidates.length);
  for (let from = 0; from < bags.ids.length; from += ENTRIES_AT_A_TIME) {
    for (const id of bags.ids.subarray(from, from + ENTRIES_AT_A_TIME)) documents[id]!++;
    const waiting = pace('counting words', texts.length, texts.length);
    if (waiting) await waiting;
  }
  const pause = (): Promise<void> | undefined => pace('choosing terms', 0, bags.rows);
  const ofMany = candidates.filter(({ id }) => documents[id]! >= minDocuments);
  const byDocuments = ofMany.length <= maxTerms ? ofMany : await sortInSlices(ofMany, (a, b) => documents[b.id]! - documents[a.id]! || (a.word < b.word ? -1 : 1), pause);
  const chosen = await sortInSlices(byDocuments.slice(0, maxTerms), (a, b) => (a.word < b.word ? -1 : 1), pause);
  const termOfCandidate = new Int32Array(candidates.length).fill(-1);
  chosen.forEach(({ id }, term) => (termOfCandidate[id] = term));
  const writer = new BagWriter();
  for (let row = 0; row < bags.rows; row++) {
    for (let entry = bags.offsets[row]!; entry < bags.offsets[row + 1]!; entry++) {
      const term = termOfCandidate[bags.ids[entry]!]!;
      if (term >= 0) writer.add(term, bags.counts[entry]!);
    }
    writer.endRow();
    const waiting = row % ROWS_AT_A_TIME === 0 ? pace('choosing terms', row, bags.rows) : undefined;
    if (waiting) await waiting;
  }
  return { words: chosen.map(({ word }) => word), documents: Uint32Array.from(chosen, ({ id }) => documents[id]!), bags: writer.bags };
}

async function countWords(texts: readonly string[], pace: Pace): Promise<{ bags: Bags; candidates: Candidate[] }> {
  const words = new Map<string, CountedWord | null>();
  const byTerm = new Map<string, Candidate>();
  const candidates: Candidate[] = [];
  const writer = new BagWriter();

  const meet = (word: string): CountedWord | null => {
    const term = termOf(word);
    let candidate = byTerm.get(term);
    if (!candidate && term !== '' && candidates.length < CANDIDATES_MAX) {
      candidate = { id: candidates.length, word, wordCount: 0 };
      candidates.push(candidate);
      byTerm.set(term, candidate);
    }
    const counted = candidate ? { word, candidate, count: 0 } : null;
    if (words.size < CANDIDATES_MAX) words.set(word, counted);
    return counted;
  };
  const add = (word: string): void => {
    let counted = words.get(word);
    if (counted === undefined) counted = meet(word);
    if (counted === null) return;
    counted.count++;
    writer.add(counted.candidate.id);
  };

  for (const [row, text] of texts.entries()) {
    for (let at = 0; at < text.length; ) {
      at = eachWordOfPiece(text, at, add);
      const waiting = pace('counting words', row, texts.length);
      if (waiting) await waiting;
    }
    writer.endRow();
  }
  let met = 0;
  for (const counted of words.values()) {
    const waiting = ++met % WORDS_AT_A_TIME === 0 ? pace('counting words', texts.length, texts.length) : undefined;
    if (waiting) await waiting;
    if (!counted) continue;
    const { word, candidate, count } = counted;
    if (count < candidate.wordCount || (count === candidate.wordCount && word > candidate.word)) continue;
    candidate.word = word;
    candidate.wordCount = count;
  }
  return { bags: writer.bags, candidates };
}
