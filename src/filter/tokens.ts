/**
 * A filter's text cut into tokens, one at a time: `scan` answers the token that begins at or behind an offset. Reads every
 * character once. Numbers and strings come out as the values that they stand for.
 */
import { type Span, badSyntax, quoted, unsupported } from './errors.ts';
import { scanNumber } from './numbers.ts';
import { scanString } from './strings.ts';

export type Token =
  /** Spelled as in the text. */
  | (Span & { readonly kind: 'symbol' | 'word'; readonly value: string })
  /** Not negative, at most 2^63. */
  | (Span & { readonly kind: 'int'; readonly value: bigint })
  | (Span & { readonly kind: 'float'; readonly value: number })
  | (Span & { readonly kind: 'string'; readonly value: string })
  | (Span & { readonly kind: 'end'; readonly value: '' });

const SPACE = /[\s\ufeff]*/y;
/** Words of ASCII, which are nearly all, and of any letters. */
const PLAIN_WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const WORD = /\$meta\b|[\p{L}_][\p{L}\p{M}\p{N}_]*/uy;
/** What may stand before the quote of a string. */
const PREFIXES: ReadonlySet<string> = new Set(['u8', 'u', 'U', 'L', 'r']);
const SYMBOL = /\*\*|&&|\|\||<<|>>|<=|>=|==|!=|=~|!~|[-+*/%&|^~!<>()[\]{},]/y;

export function scan(text: string, offset: number): Token {
  let from = offset;
  while (text.charCodeAt(from) === 0x20) from++;
  const first = text.charCodeAt(from);
  if (isDigit(first) || (first === 0x2e && isDigit(text.charCodeAt(from + 1)))) return scanNumber(text, from);
  if (isQuote(first)) return scanString(text, from, from);
  const to = end(PLAIN_WORD, text, from);
  if (to > 0 && !(text.charCodeAt(to) > 0x7f)) {
    const value = text.slice(from, to);
    return isQuote(text.charCodeAt(to)) && PREFIXES.has(value) ? scanString(text, from, to) : { kind: 'word', value, from, to };
  }
  const symbolEnd = end(SYMBOL, text, from);
  if (symbolEnd > 0) return { kind: 'symbol', value: text.slice(from, symbolEnd), from, to: symbolEnd };
  const spaceEnd = end(SPACE, text, from);
  if (spaceEnd > from) return scan(text, spaceEnd);
  if (from >= text.length) return { kind: 'end', value: '', from: text.length, to: text.length };
  const wordEnd = end(WORD, text, from);
  if (wordEnd > 0) return { kind: 'word', value: text.slice(from, wordEnd), from, to: wordEnd };
  return refuse(text, from);
}

/** Where a match that begins at `from` ends; 0: there is none. */
function end(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : 0;
}

const isQuote = (unit: number): boolean => unit === 0x22 || unit === 0x27;
const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39;

function refuse(text: string, from: number): never {
  const mark = String.fromCodePoint(text.codePointAt(from) as number);
  const span = { from, to: from + mark.length };
  if (mark === '=') badSyntax(span, '"=="', '"="');
  if (mark === '.') badSyntax(span, 'an operator', quoted(mark), 'expected an operator, got "."; what lies in JSON is written in brackets: meta["a"]["b"]');
  if (mark === '$' && !/[\p{L}\p{N}_]/u.test(text.slice(from + 1, from + 2))) unsupported(span, 'an element of a struct');
  if (mark === '$') badSyntax(span, '$meta', quoted(text.slice(from, from + 8)));
  badSyntax(span, 'a value, a name or an operator', quoted(mark));
}

/** A token in the words of a message. */
export function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the text';
    case 'string':
      return `the text ${quoted(token.value)}`;
    case 'symbol':
    case 'word':
      return quoted(token.value);
    default:
      return String(token.value);
  }
}
