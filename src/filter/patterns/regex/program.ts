/**
 * A tree to a nondeterministic automaton over the bytes of UTF-8 (Ken Thompson, CACM 11(6), 1968), built from its end: every part is
 * given the instruction that follows it, so that equal ends of characters are shared.
 */
import { PatternError } from '../pattern.ts';
import type { CodePoints } from './code-points.ts';
import type { Assertion, Node } from './parse.ts';

/** Consumes a byte of [first, last], then `next`. */
export const BYTE = 0;
/** Goes to `next` and to `other`. */
export const FORK = 1;
/** Goes to `next` where the assertion `first` holds. */
export const ASSERT = 2;
export const MATCH = 3;

export const ASSERTION_CODE: Readonly<Record<Assertion, number>> = { textStart: 0, textEnd: 1, lineStart: 2, lineEnd: 3, wordBoundary: 4, noWordBoundary: 5 };

/** Most instructions. An instruction's number fits a UTF-16 unit (`automaton.ts`). */
export const MAX_INSTRUCTIONS = 16_384;
/** Most parts that are looked at, repetitions counted as often as they say: empty ones have no instructions. */
const MAX_PARTS = 4 * MAX_INSTRUCTIONS;

/** By instruction. */
export interface Program {
  readonly operation: Uint8Array;
  readonly first: Uint8Array;
  readonly last: Uint8Array;
  readonly next: Uint16Array;
  readonly other: Uint16Array;
  readonly start: number;
}

/** PatternError where it would be too large. */
export function toProgram(tree: Node): Program {
  return new Builder().build(tree);
}

class Builder {
  readonly #operation: number[] = [];
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  readonly #next: number[] = [];
  readonly #other: number[] = [];
  #parts = 0;

  build(tree: Node): Program {
    const start = this.#node(tree, this.#add(MATCH, 0, 0, 0, 0));
    return {
      operation: Uint8Array.from(this.#operation),
      first: Uint8Array.from(this.#first),
      last: Uint8Array.from(this.#last),
      next: Uint16Array.from(this.#next),
      other: Uint16Array.from(this.#other),
      start,
    };
  }

  #add(operation: number, first: number, last: number, next: number, other: number): number {
    const at = this.#operation.length;
    if (at === MAX_INSTRUCTIONS) tooLarge();
    this.#operation.push(operation);
    this.#first.push(first);
    this.#last.push(last);
    this.#next.push(next);
    this.#other.push(other);
    return at;
  }

  /** The first instruction of `node`, behind which `next` follows. */
  #node(node: Node, next: number): number {
    if (++this.#parts > MAX_PARTS) tooLarge();
    switch (node.kind) {
      case 'set':
        return this.#characters(utf8Sequences(node.points), 0, next, new Map());
      case 'assertion':
        return this.#add(ASSERT, ASSERTION_CODE[node.what], 0, next, 0);
      case 'sequence':
        for (let i = node.parts.length - 1; i >= 0; i--) next = this.#node(node.parts[i], next);
        return next;
      case 'choice':
        return this.#oneOf(node.parts.map((part) => this.#node(part, next)));
      case 'repeat':
        return this.#repeat(node.part, node.least, node.most, next);
    }
  }

  #oneOf(starts: number[]): number {
    let start = starts[starts.length - 1];
    for (let i = starts.length - 2; i >= 0; i--) start = this.#add(FORK, 0, 0, starts[i], start);
    return start;
  }

  #repeat(part: Node, least: number, most: number, next: number): number {
    let start = next;
    let copies = least;
    if (most === Infinity) {
      const loop = this.#add(FORK, 0, 0, 0, next);
      this.#next[loop] = this.#node(part, loop);
      start = least === 0 ? loop : this.#next[loop];
      copies = Math.max(0, least - 1);
    } else {
      for (let i = least; i < most; i++) start = this.#add(FORK, 0, 0, this.#node(part, start), next);
    }
    for (let i = 0; i < copies; i++) start = this.#node(part, start);
    return start;
  }

  /**
   * Sequences that are equal before byte `depth`. Those that go on with the same byte share it, and so do equal ends: `made` has
   * what there is, by what it says.
   */
  #characters(sequences: readonly ByteRange[][], depth: number, next: number, made: Map<string, number>): number {
    const key = sequences.map((sequence) => sequence.slice(depth).join()).join(';');
    const known = made.get(key);
    if (known !== undefined) return known;
    const starts: number[] = [];
    for (let from = 0; from < sequences.length; ) {
      const [first, last] = sequences[from][depth];
      let to = from + 1;
      while (to < sequences.length && sequences[to][depth][0] === first) to++;
      const isLast = depth + 1 === sequences[from].length;
      const following = isLast ? next : this.#characters(sequences.slice(from, to), depth + 1, next, made);
      starts.push(this.#byte(first, last, following, made));
      from = to;
    }
    // Of an empty class: an instruction that no byte satisfies.
    const start = starts.length === 0 ? this.#add(BYTE, 1, 0, next, 0) : this.#oneOf(starts);
    made.set(key, start);
    return start;
  }

  #byte(first: number, last: number, next: number, made: Map<string, number>): number {
    const key = `${first} ${last} ${next}`;
    let at = made.get(key);
    if (at === undefined) made.set(key, (at = this.#add(BYTE, first, last, next, 0)));
    return at;
  }
}

function tooLarge(): never {
  throw new PatternError(0, 'expected an expression with fewer or smaller repetitions and classes: this one is too large when they are written out');
}

type ByteRange = readonly [first: number, last: number];

/** Last code points of one, two, three and four bytes. */
const LASTS = [0x7f, 0x7ff, 0xffff, 0x10ffff];

/** The UTF-8 of a set, ascending: in each sequence every byte may be any of its range, whatever the others are. */
function utf8Sequences(points: CodePoints): ByteRange[][] {
  const out: ByteRange[][] = [];
  for (let i = 0; i < points.length; i += 2) {
    let from = points[i];
    while (from <= points[i + 1]) {
      let to = points[i + 1];
      const length = LASTS.findIndex((last) => from <= last) + 1;
      to = Math.min(to, LASTS[length - 1]);
      // Below the byte in which the ends differ first, all of its values must be there.
      for (let bits = 6 * (length - 1); bits > 0; bits -= 6) {
        const mask = (1 << bits) - 1;
        if ((from & ~mask) === (to & ~mask)) continue;
        if ((from & mask) !== 0) to = from | mask;
        else if ((to & mask) !== mask) to = (to & ~mask) - 1;
        else continue;
        bits = 6 * length;
      }
      const first = utf8Of(from, length);
      const last = utf8Of(to, length);
      out.push(first.map((byte, k) => [byte, last[k]]));
      from = to + 1;
    }
  }
  return out;
}

function utf8Of(point: number, length: number): number[] {
  if (length === 1) return [point];
  const lead = [0, 0, 0xc0, 0xe0, 0xf0][length];
  return Array.from({ length }, (_, i) => {
    const bits = (point >> (6 * (length - 1 - i))) & 0x3f;
    return i === 0 ? lead | bits : 0x80 | bits;
  });
}
