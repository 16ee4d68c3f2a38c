/** Texts of the rows to fit a latent space to: all of them, or, where they are too many, evenly spread ones. */

export class TextSample {
  readonly #budget: number;
  #texts: string[] = [];
  #characters = 0;
  /** Every so many rows one is taken. */
  #stride = 1;
  #seen = 0;

  /** @param budget characters that are kept at most */
  constructor(budget: number) {
    this.#budget = budget;
  }

  add(text: string): void {
    if (this.#seen++ % this.#stride !== 0) return;
    this.#texts.push(text);
    this.#characters += text.length;
    while (this.#characters > this.#budget && this.#texts.length > 1) {
      this.#texts = this.#texts.filter((_, i) => i % 2 === 0);
      this.#characters = this.#texts.reduce((sum, { length }) => sum + length, 0);
      this.#stride *= 2;
    }
  }

  get texts(): readonly string[] {
    return this.#texts;
  }
}

/** What is embedded of a row: its texts, one behind the other. */
export const joinTexts = (values: readonly unknown[]): string => values.filter((value) => typeof value === 'string' && value !== '').join('\n');

/** Dimensions of a latent space of so many texts: few texts have few directions. */
export const latentDim = (texts: number): number => Math.max(4, Math.min(128, Math.floor(texts / 4) * 4));

/**
 * Searches to try: pairs of words that stand beside each other in some of the texts, but in few enough to mean something. Words where there are no such pairs.
 */
export function exampleSearches(texts: readonly string[], count = 3): string[] {
  const some = texts.slice(0, 2_000);
  const inTexts = new Map<string, number>();
  const pairs = new Map<string, number>();
  for (const text of some) {
    const words = text.slice(0, 2_000).replace(/\b(https?:\/\/|www\.)\S+/g, ' ').toLowerCase().match(/\p{L}[\p{L}\p{N}-]*/gu) ?? [];
    const here = new Set<string>();
    for (const [i, word] of words.entries()) {
      if (word.length < 4) continue;
      here.add(word);
      const next = words[i + 1];
      if (next !== undefined && next.length >= 4 && next !== word) here.add(`${word} ${next}`);
    }
    for (const found of here) {
      const into = found.includes(' ') ? pairs : inTexts;
      into.set(found, (into.get(found) ?? 0) + 1);
    }
  }
  const most = Math.max(2, some.length * 0.15);
  const isTelling = (word: string): boolean => (inTexts.get(word) ?? 0) <= most;
  const ranked = (from: ReadonlyMap<string, number>, min: number) =>
    [...from].filter(([name, n]) => n >= min && name.split(' ').every(isTelling)).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([name]) => name);
  const chosen: string[] = [];
  const used = new Set<string>();
  for (const name of [...ranked(pairs, 2), ...ranked(inTexts, Math.min(2, some.length))]) {
    if (chosen.length === count) break;
    const words = name.split(' ');
    if (words.some((word) => used.has(word))) continue;
    for (const word of words) used.add(word);
    chosen.push(name);
  }
  return chosen;
}
