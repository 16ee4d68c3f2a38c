/** A pattern of text, compiled: of `like`, or a regular expression. Takes time linear in the text, whatever the pattern is. */
export interface TextPattern {
  /** As written. */
  readonly source: string;
  /** Whether bytes [from, to), well-formed UTF-8, match. */
  test(bytes: Uint8Array, from: number, to: number): boolean;
  /** Every text that matches begins with it; empty where nothing is known. */
  readonly prefix: string;
  /** Every text that matches contains all of these, none of them empty. What an index of n-grams looks up. */
  readonly required: readonly string[];
  /** Every text that begins with `prefix` matches: there is nothing else in the pattern. */
  readonly isPrefix: boolean;
}
