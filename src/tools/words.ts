/**
 * The words of a text, in time linear in its length: runs of letters, digits and marks after NFKC and lower case. Chinese, Japanese and Korean
 * do not part their words; their runs are answered as pairs of neighbours (bigrams), a lone character as itself.
 */

/** Longer runs (data in base 64, say) are no words. In UTF-16 code units. */
export const WORD_LENGTH_MAX = 64;
/** Texts are normalised in pieces of about this length, so that a long one takes little memory. In UTF-16 code units. */
const PIECE_LENGTH = 16_384;

const NONE = 1, LETTER = 2, DIGIT = 3, CJK = 4, SURROGATE = 5;

/** By UTF-16 code unit; 0: not asked for yet. */
const classes = /* @__PURE__ */ new Uint8Array(65_536);

function classOf(codePoint: number): number {
  if (codePoint < 0x1_0000 && classes[codePoint] !== 0) return classes[codePoint]!;
  const character = String.fromCodePoint(codePoint);
  let found = NONE;
  if (codePoint >= 0xd800 && codePoint < 0xe000) found = SURROGATE;
  else if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(character) && /[\p{L}\p{N}]/u.test(character)) found = CJK;
  else if (/\p{N}/u.test(character)) found = DIGIT;
  else if (/[\p{L}\p{M}]/u.test(character)) found = LETTER;
  if (codePoint < 0x1_0000) classes[codePoint] = found;
  return found;
}

/**
 * Calls `emit` with every word, in order. A run of at least three letters and then digits (`python3`) is emitted whole and without its
 * digits, so that it meets what goes without a number.
 */
export function eachWord(text: string, emit: (word: string) => void): void {
  for (let at = 0; at < text.length; ) at = eachWordOfPiece(text, at, emit);
}

/** The same of the piece of the text that begins at `from`; answers where it ends. For callers that pause. */
export function eachWordOfPiece(text: string, from: number, emit: (word: string) => void): number {
  const to = pieceEnd(text, from);
  const piece = text.slice(from, to);
  // Most texts are ASCII, which NFKC leaves as it is.
  eachWordIn((/[\u0080-\uffff]/.test(piece) ? piece.normalize('NFKC') : piece).toLowerCase(), emit);
  return to;
}

/** Behind a space, a line's end or the like where there is one, so that no word is cut; else where the piece is full. */
function pieceEnd(text: string, from: number): number {
  const full = from + PIECE_LENGTH;
  if (text.length <= full) return text.length;
  for (let end = full; end > full - PIECE_LENGTH / 2; end--) if (text.charCodeAt(end - 1) < 0x30) return end;
  // Between the halves of a surrogate pair would be none of both.
  return (text.charCodeAt(full - 1) & 0xfc00) === 0xd800 ? full - 1 : full;
}

function eachWordIn(text: string, emit: (word: string) => void): void {
  const { length } = text;
  for (let at = 0; at < length; ) {
    const kind = kindAt(text, at);
    if (kind === NONE) {
      at++;
      continue;
    }
    const from = at;
    if (kind === CJK) {
      at = bigrams(text, from, emit);
      continue;
    }
    let digits = 0;
    let isLettersThenDigits = true;
    for (let next = kind; next === LETTER || next === DIGIT; next = at < length ? kindAt(text, at) : NONE) {
      if (next === DIGIT) digits++;
      else if (digits > 0) isLettersThenDigits = false;
      at += unitsAt(text, at);
    }
    if (at - from > WORD_LENGTH_MAX) continue;
    const word = text.slice(from, at);
    emit(word);
    if (digits > 0 && isLettersThenDigits && word.length - digits >= 3) emit(word.slice(0, word.length - digits));
  }
}

/** Emits the bigrams of the run that begins at `from`; answers its end. */
function bigrams(text: string, from: number, emit: (word: string) => void): number {
  let at = from + unitsAt(text, from);
  if (at >= text.length || kindAt(text, at) !== CJK) emit(text.slice(from, at));
  for (let before = from; at < text.length && kindAt(text, at) === CJK; ) {
    const end = at + unitsAt(text, at);
    emit(text.slice(before, end));
    before = at;
    at = end;
  }
  return at;
}

function kindAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  const kind = classes[unit] || classOf(unit);
  if (kind !== SURROGATE) return kind;
  const codePoint = text.codePointAt(at)!;
  return codePoint < 0x1_0000 ? NONE : classOf(codePoint);
}

/** 2 for a pair of surrogates. */
const unitsAt = (text: string, at: number): number => (classes[text.charCodeAt(at)] === SURROGATE ? 2 : 1);
