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

const SPACE = /[ \t\r\n\v\f\u00a0\ufeff\u2028\u2029]*/y;
const WORD = /\$meta\b|[\p{L}_][\p{L}\p{M}\p{N}_]*/uy;
/** What stands before the quote of a string. */
const PREFIX = /(?:u8|u|U|L|r)?(?=["'])/y;
const SYMBOL = /\*\*|&&|\|\||<<|>>|<=|>=|==|!=|=~|!~|[-+*/%&|^~!<>()[\]{},]/y;

export function scan(text: string, offset: number): Token {
  SPACE.lastIndex = offset;
  SPACE.test(text);
  const from = SPACE.lastIndex;
  if (from >= text.length) return { kind: 'end', value: '', from: text.length, to: text.length };
  const first = text.charCodeAt(from);
  if (isDigit(first) || (first === 0x2e && isDigit(text.charCodeAt(from + 1)))) return scanNumber(text, from);
  PREFIX.lastIndex = from;
  if (PREFIX.test(text)) return scanString(text, from, PREFIX.lastIndex);
  SYMBOL.lastIndex = from;
  if (SYMBOL.test(text)) return { kind: 'symbol', value: text.slice(from, SYMBOL.lastIndex), from, to: SYMBOL.lastIndex };
  WORD.lastIndex = from;
  if (WORD.test(text)) return { kind: 'word', value: text.slice(from, WORD.lastIndex), from, to: WORD.lastIndex };
  return refuse(text, from);
}

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
