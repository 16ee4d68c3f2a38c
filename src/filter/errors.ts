/**
 * How a filter is refused: a sentence, then the line of the text that it is about with a caret under the part that is meant.
 * What finds a mistake knows where it is, and `compile.ts` has the text; a `FilterMistake` goes from one to the other.
 */
import { ElanusError, type ErrorCode } from '../util/error.ts';

/** Part of a text: UTF-16 offsets, `to` exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export type MistakeCode = Extract<ErrorCode, 'FILTER_SYNTAX' | 'FILTER_TYPE' | 'NOT_SUPPORTED'>;

export class FilterMistake extends Error {
  readonly code: MistakeCode;
  readonly span: Span;
  readonly expected: string;
  readonly found: string;

  constructor(code: MistakeCode, span: Span, expected: string, found: string, sentence = `expected ${expected}, got ${found}`) {
    super(sentence);
    this.code = code;
    this.span = { from: span.from, to: span.to };
    this.expected = expected;
    this.found = found;
  }
}

/** The text is none of the language. */
export function badSyntax(span: Span, expected: string, found: string, sentence?: string): never {
  throw new FilterMistake('FILTER_SYNTAX', span, expected, found, sentence);
}

/** The text does not fit the schema, or parts of it not each other. */
export function badType(span: Span, expected: string, found: string, sentence?: string): never {
  throw new FilterMistake('FILTER_TYPE', span, expected, found, sentence);
}

/** Milvus's, and not there. */
export function unsupported(span: Span, what: string): never {
  throw new FilterMistake('NOT_SUPPORTED', span, 'another condition', what, `${what} is not supported yet`);
}

/** Most characters of a line that a message shows, and how many of them stand before what is meant. */
const WINDOW = 72;
const BEFORE = 32;

/** The error that a user meets. `detail`: `position` (UTF-16 offset), `line` and `column` (from 1), `expected`, `found`. */
export function toError(mistake: FilterMistake, text: string): ElanusError {
  const position = Math.min(mistake.span.from, text.length);
  const lineStart = text.lastIndexOf('\n', position - 1) + 1;
  const line = countLines(text, lineStart);
  const column = position - lineStart + 1;
  const message = `filter: ${mistake.message} (line ${line}, column ${column})\n${excerpt(text, lineStart, position, mistake.span.to)}`;
  return new ElanusError(mistake.code, message, { position, line, column, expected: mistake.expected, found: mistake.found });
}

function countLines(text: string, end: number): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}

/** The line around [position, to), and carets under it. */
function excerpt(text: string, lineStart: number, position: number, to: number): string {
  const newline = text.indexOf('\n', position);
  const lineEnd = newline < 0 ? text.length : newline;
  const from = lineEnd - lineStart <= WINDOW ? lineStart : Math.max(lineStart, Math.min(position - BEFORE, lineEnd - WINDOW));
  const end = Math.min(lineEnd, from + WINDOW);
  // A caret stands under one character only where every character is as wide as another.
  const shown = text.slice(from, end).replace(/[\s\p{C}]/gu, (mark) => ' '.repeat(mark.length));
  const head = from > lineStart ? '...' : '';
  const carets = '^'.repeat(Math.max(1, Math.min(to, end) - position));
  return `  ${head}${shown}${end < lineEnd ? '...' : ''}\n  ${' '.repeat(head.length + position - from)}${carets}`;
}

/** Part of a text, short enough for a message. */
export const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}...` : text);

/** The same in quotes. */
export const quoted = (text: string): string => JSON.stringify(shortened(text));
