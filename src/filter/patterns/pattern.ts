/** A pattern of text, compiled: of `like`, or a regular expression. Takes time linear in the text, whatever the pattern is. */
export interface TextPattern {
  /** As written. */
  readonly source: string;
  /**
   * Whether bytes [from, to), well-formed UTF-8, match. A lone surrogate of a JSON text may stand in its three bytes, and is one
   * character.
   */
  test(bytes: Uint8Array, from: number, to: number): boolean;
  /** Every text that matches begins with it; empty where nothing is known. */
  readonly prefix: string;
  /** Every text that matches contains all of these, none of them empty. What an index of n-grams looks up. */
  readonly required: readonly string[];
  /** Every text that begins with `prefix` matches: there is nothing else in the pattern. */
  readonly isPrefix: boolean;
}

/** What was written is no pattern. */
export class PatternError extends Error {
  /** Where in the source, in UTF-16 units. */
  readonly position: number;

  constructor(position: number, message: string) {
    super(message);
    this.name = 'PatternError';
    this.position = position;
  }
}

/** The code point at a position of a source. PatternError for a lone surrogate, which no text contains. */
export function codePointOf(source: string, position: number): number {
  const point = source.codePointAt(position) as number;
  if (point >= 0xd800 && point <= 0xdfff) throw new PatternError(position, 'expected a character, found a lone surrogate');
  return point;
}
