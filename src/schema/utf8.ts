/**
 * Strings to UTF-8 and back. Short strings are coded here, because a call of TextEncoder or TextDecoder costs more
 * than they do; long ones go to the platform. Lone surrogates have no UTF-8 form and are reported, never replaced.
 */

const SHORT = 64;
const encoder = new TextEncoder();
/** A leading byte order mark is part of the value. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Answer of {@link writeUtf8} for a string with a lone surrogate. */
export const NOT_UTF8 = -1;

/**
 * Writes `text` at `at` and answers the position behind it, or NOT_UTF8. REQUIRES three bytes of room per UTF-16 unit,
 * or one where the text is ASCII.
 */
export function writeUtf8(text: string, out: Uint8Array, at: number): number {
  const length = text.length;
  if (length > SHORT) {
    if (LONE_SURROGATE.test(text)) return NOT_UTF8;
    return at + encoder.encodeInto(text, at === 0 ? out : out.subarray(at)).written;
  }
  for (let i = 0; i < length; i++) {
    let unit = text.charCodeAt(i);
    if (unit < 0x80) {
      out[at++] = unit;
      continue;
    }
    if (unit < 0x800) {
      out[at++] = 0xc0 | (unit >> 6);
    } else {
      if (unit < 0xd800 || unit > 0xdfff) {
        out[at++] = 0xe0 | (unit >> 12);
      } else {
        const low = i + 1 < length ? text.charCodeAt(i + 1) : 0;
        if (unit > 0xdbff || (low & 0xfc00) !== 0xdc00) return NOT_UTF8;
        i++;
        unit = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
        out[at++] = 0xf0 | (unit >> 18);
        out[at++] = 0x80 | ((unit >> 12) & 0x3f);
      }
      out[at++] = 0x80 | ((unit >> 6) & 0x3f);
    }
    out[at++] = 0x80 | (unit & 0x3f);
  }
  return at;
}

/** True when every UTF-16 unit is ASCII, so that the text takes one byte a unit. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Bytes [from, to) as a string. */
export function readUtf8(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > 24) return decoder.decode(bytes.subarray(from, to));
  let text = '';
  for (let i = from; i < to; i++) {
    const byte = bytes[i];
    if (byte > 0x7f) return decoder.decode(bytes.subarray(from, to));
    text += String.fromCharCode(byte);
  }
  return text;
}
