/** Literals of numbers: decimal, hexadecimal, octal and binary integers; decimal floats and C's hexadecimal ones. */
import { type Span, badSyntax, quoted, shortened } from './errors.ts';
import type { Token } from './tokens.ts';

const HEX = /0[xX]([0-9a-fA-F]*)(?:(\.[0-9a-fA-F]*)?[pP]([+-]?\d+))?/y;
const BINARY = /0[bB]([01]*)/y;
const DECIMAL = /(?:\d+(\.\d*)?|(\.\d+))([eE][+-]?\d+)?/y;
const GOES_ON = /[\p{L}\p{N}_.]+/uy;

/** The magnitude of the smallest integer: it may stand behind a minus. */
export const INT64_LIMIT = 2n ** 63n;
/** More digits of a hexadecimal float than any double needs. */
const MAX_HEX_DIGITS = 64;

export function scanNumber(text: string, from: number): Token {
  const second = text[from] === '0' ? text[from + 1] : '';
  if (second === 'x' || second === 'X') {
    const [all, whole, fraction, exponent] = match(HEX, text, from);
    const span = { from, to: from + all.length };
    if (exponent === undefined) return integer(text, span, '0x', whole, 16);
    return float(text, span, hexFloat(whole, fraction ?? '', exponent));
  }
  if (second === 'b' || second === 'B') {
    const [all, digits] = match(BINARY, text, from);
    return integer(text, { from, to: from + all.length }, '0b', digits, 64);
  }
  const [all, point, pointFirst, exponent] = match(DECIMAL, text, from);
  const span = { from, to: from + all.length };
  if (point !== undefined || pointFirst !== undefined || exponent !== undefined) return float(text, span, Number(all));
  if (second === '' || all.length === 1) return integer(text, span, '', all, 19);
  if (/[89]/.test(all)) badSyntax(span, 'digits from 0 to 7 behind a leading 0 (octal)', quoted(all));
  return integer(text, span, '0o', all.slice(1), 22);
}

function match(pattern: RegExp, text: string, from: number): RegExpExecArray {
  pattern.lastIndex = from;
  return pattern.exec(text) as RegExpExecArray;
}

/** `maxDigits`: as many as an integer of 64 bits can have. They are counted before they are read. */
function integer(text: string, span: Span, prefix: string, digits: string, maxDigits: number): Token {
  checkEnd(text, span);
  if (digits === '') badSyntax(span, `digits behind ${text.slice(span.from, span.to)}`, 'none');
  const significant = digits.replace(/^0+(?=.)/, '');
  const value = significant.length > maxDigits ? INT64_LIMIT + 1n : BigInt(prefix + significant);
  if (value > INT64_LIMIT) badSyntax(span, 'an integer of 64 bits', shortened(text.slice(span.from, span.to)));
  return { kind: 'int', value, from: span.from, to: span.to };
}

function float(text: string, span: Span, value: number): Token {
  checkEnd(text, span);
  if (!Number.isFinite(value)) badSyntax(span, 'a number that a double can hold', shortened(text.slice(span.from, span.to)));
  return { kind: 'float', value, from: span.from, to: span.to };
}

/** NaN, which is refused, where there are too many digits or none. */
function hexFloat(whole: string, fraction: string, exponent: string): number {
  const digits = whole + fraction.slice(1);
  if (digits === '' || digits.length > MAX_HEX_DIGITS) return Number.NaN;
  const power = Number(exponent) - 4 * Math.max(0, fraction.length - 1);
  // In two steps: 2 ** power alone may be 0 or Infinity where the product is neither.
  const half = Math.trunc(power / 2);
  return Number(BigInt(`0x${digits}`)) * 2 ** half * 2 ** (power - half);
}

/** A number ends where no letter, digit or point follows. */
function checkEnd(text: string, span: Span): void {
  GOES_ON.lastIndex = span.to;
  if (GOES_ON.test(text)) badSyntax({ from: span.from, to: GOES_ON.lastIndex }, 'a number', quoted(text.slice(span.from, GOES_ON.lastIndex)));
}
