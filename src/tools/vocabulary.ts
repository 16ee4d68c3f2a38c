/**
 * The terms of a latent space by number. A term is shown by its most frequent word, and those are all that is kept: the key by which words meet is
 * made of it again.
 */
import { termOf } from './terms.ts';

/** Words whose term is remembered. */
const REMEMBERED_MAX = 65_536;

export class Vocabulary {
  /** Ascending by UTF-16 code units. Term i is shown as words[i]. */
  readonly words: readonly string[];
  readonly #idOfTerm = new Map<string, number>();
  #idOfWord = new Map<string, number>();

  /** `words`: distinct, ascending, of distinct terms. See `isWhole`. */
  constructor(words: readonly string[]) {
    this.words = words;
    words.forEach((word, id) => this.#idOfTerm.set(termOf(word), id));
  }

  /** Has every word a term of its own? */
  get isWhole(): boolean {
    return this.#idOfTerm.size === this.words.length && !this.#idOfTerm.has('') && this.words.every((word, i) => i === 0 || this.words[i - 1]! < word);
  }

  /** The number of a word's term; -1 where it is not known, -2 for a stop word. */
  idOf(word: string): number {
    const known = this.#idOfWord.get(word);
    if (known !== undefined) return known;
    const term = termOf(word);
    const id = term === '' ? -2 : (this.#idOfTerm.get(term) ?? -1);
    if (this.#idOfWord.size === REMEMBERED_MAX) this.#idOfWord = new Map();
    this.#idOfWord.set(word, id);
    return id;
  }
}
