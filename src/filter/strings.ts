/**
 * Literals of text: `"..."` and `'...'` with C's escapes, and raw ones (`r"..."`), in which a backslash is itself.
 *
 * `\%` and `\_` stay as they are, so that a pattern of `like` need not double its backslashes. Escapes by number (`\x`, octal) are of
 * bytes in C and of characters in JavaScript: above 0x7f, where the two differ, they are refused.
 */
import { badSyntax, quoted } from './errors.ts';
import type { Token } from './tokens.ts';

const SIMPLE: Readonly<Record<string, string>> = {
  "'": "'", '"': '"', '?': '?', '\\': '\\', a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '%': '\\%', _: '\\_', '\n': '', '\r': '',
};
const OCTAL = /[0-7]{1,3}/y;
const HEX = /x([0-9a-fA-F]{2})/y;
const UNICODE = /u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})/y;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** `from`: where the prefix begins; `quote`: where the quote is. */
export function scanString(text: string, from: number, quote: number): Token {
  const isRaw = text[from] === 'r';
  const mark = text[quote];
  let value = '';
  let start = quote + 1;
  let at = start;
  for (; text[at] !== mark; at++) {
    const unit = text[at];
    if (unit === undefined || unit === '\n' || unit === '\r') {
      badSyntax({ from, to: at }, `a closing ${mark}`, unit === undefined ? 'the end of the text' : 'the end of the line (write \\n for a line break)');
    }
    if (unit !== '\\' || isRaw) continue;
    value += text.slice(start, at);
    const [meant, length] = escaped(text, at);
    value += meant;
    start = at + 1 + length;
    at = start - 1;
  }
  value += text.slice(start, at);
  const to = at + 1;
  if (LONE_SURROGATE.test(value)) badSyntax({ from, to }, 'well-formed text', `a lone surrogate in ${quoted(value)}`);
  return { kind: 'string', value, from, to };
}

/** What the backslash at `at` stands for with what follows it, and how much that is. */
function escaped(text: string, at: number): readonly [string, number] {
  const letter = text[at + 1] ?? '';
  if (Object.hasOwn(SIMPLE, letter)) return [SIMPLE[letter], letter === '\r' && text[at + 2] === '\n' ? 2 : 1];
  const octal = digits(OCTAL, text, at + 1);
  if (octal !== null) return [byte(text, at, octal[0], Number.parseInt(octal[0], 8)), octal[0].length];
  const hex = digits(HEX, text, at + 1);
  if (hex !== null) return [byte(text, at, hex[0], Number.parseInt(hex[1], 16)), 3];
  const unicode = digits(UNICODE, text, at + 1);
  const point = unicode === null ? -1 : Number.parseInt(unicode[1] ?? unicode[2], 16);
  if (unicode === null || point > 0x10ffff) {
    const shown = text.slice(at, at + 2);
    const span = { from: at, to: at + Math.max(1, shown.length) };
    const also = letter === 'x' || letter === 'u' || letter === 'U' ? '\\x with 2, \\u with 4 or \\U with 8 hexadecimal digits' : 'an escape';
    badSyntax(span, also, shown === '\\' ? 'the end of the text' : shown, `expected ${also}, got ${quoted(text.slice(at, at + (unicode?.[0].length ?? 1) + 1))}; for a backslash itself write \\\\, or r"..."`);
  }
  return [String.fromCodePoint(point), unicode[0].length];
}

function digits(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function byte(text: string, at: number, shown: string, value: number): string {
  if (value > 0x7f) badSyntax({ from: at, to: at + 1 + shown.length }, `\\u${value.toString(16).padStart(4, '0')} or the character itself`, text.slice(at, at + 1 + shown.length));
  return String.fromCharCode(value);
}
