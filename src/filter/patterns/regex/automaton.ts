/**
 * Runs a program over bytes, in time linear in the text: states of a deterministic automaton, sets of instructions, are made when
 * a text leads to them first (Russ Cox, "Regular Expression Matching in the Wild", 2010). Their memory is bounded: when it is full
 * they are dropped, and what becomes full twice in one text is simulated to its end without keeping states.
 *
 * An assertion is decided when the byte behind it is known: it waits in the set until then.
 */
import { WORD } from './parse.ts';
import { ASSERT, ASSERTION_CODE, BYTE, FORK, MATCH as MATCH_INSTRUCTION, type Program } from './program.ts';

/** Bytes of states that are kept. */
const CACHE_BYTES = 1 << 20;
/** About what a state costs besides its set, key and row. */
const STATE_BYTES = 200;

// What came before.
const OTHER = 0;
const TEXT_START = 1;
const NEW_LINE = 2;
const WORD_CHARACTER = 3;

// States. Smaller ones are no states to go on from.
const UNKNOWN = 0;
const DEAD = 1;
const MATCH = 2;
const FIRST_STATE = 3;
const GOES_ON = -1;

interface State {
  readonly set: Uint16Array;
  /** What came before, where an assertion in the set asks; else OTHER. */
  readonly before: number;
}

export class Automaton {
  /** Instructions and bytes looked at since the beginning: what a text costs, apart from the machine. */
  work = 0;
  readonly #program: Program;
  readonly #classOf = new Uint8Array(256);
  /** A byte of each class. */
  readonly #byteOf: number[] = [];
  readonly #endClass: number;
  readonly #columns: number;

  /** Shape (states, columns): the state that a class of bytes leads to. */
  #table = new Int32Array(0);
  #states: State[] = [];
  #numbers = new Map<string, number>();
  #bytes = 0;
  #first = UNKNOWN;

  // The set that is being made.
  #set: Uint16Array;
  #size = 0;
  #before = OTHER;
  readonly #now: Uint16Array;
  readonly #stack: Uint16Array;
  /** By instruction: the set that it was put into last. */
  readonly #marks: Uint32Array;
  #mark = 0;

  constructor(program: Program) {
    const size = program.operation.length;
    this.#program = program;
    this.#set = new Uint16Array(size);
    this.#now = new Uint16Array(size);
    this.#stack = new Uint16Array(2 * size + 2);
    this.#marks = new Uint32Array(size);
    const bounds = new Uint8Array(257);
    for (let i = 0; i < size; i++) {
      if (program.operation[i] === BYTE) bounds[program.first[i]] = bounds[program.last[i] + 1] = 1;
      else if (program.operation[i] === ASSERT) for (const bound of [0x0a, 0x0b, 0x80, 0xc0, ...WORD.map((point, k) => point + (k & 1))]) bounds[bound] = 1;
    }
    for (let byte = 0; byte < 256; byte++) {
      if (byte === 0 || bounds[byte] === 1) this.#byteOf.push(byte);
      this.#classOf[byte] = this.#byteOf.length - 1;
    }
    this.#endClass = this.#byteOf.length;
    this.#columns = this.#byteOf.length + 1;
  }

  /** Whether something in [from, to) matches. */
  test(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#first === UNKNOWN) this.#first = this.#begin();
    const classOf = this.#classOf;
    const columns = this.#columns;
    let state = this.#first;
    let wasFull = false;
    let at = from;
    while (state >= FIRST_STATE && at <= to) {
      const byteClass = at < to ? classOf[bytes[at]] : this.#endClass;
      let next = this.#table[state * columns + byteClass];
      if (next === UNKNOWN) {
        if (this.#bytes > CACHE_BYTES) {
          if (wasFull) {
            this.work += at - from;
            return this.#simulate(this.#states[state], bytes, at, to);
          }
          wasFull = true;
          state = this.#forgetAllBut(state);
        }
        next = this.#fill(state, byteClass);
      }
      state = next;
      at++;
    }
    this.work += at - from;
    return state === MATCH;
  }

  #begin(): number {
    this.#size = 0;
    this.#before = TEXT_START;
    this.#nextMark();
    return this.#follow(this.#program.start) ? MATCH : this.#number();
  }

  #fill(state: number, byteClass: number): number {
    const from = this.#states[state];
    const outcome = this.#step(from.set, from.set.length, from.before, byteClass);
    const next = outcome === GOES_ON ? this.#number() : outcome;
    this.#table[state * this.#columns + byteClass] = next;
    return next;
  }

  /** The number of the state of the set that was made. */
  #number(): number {
    const set = this.#set.subarray(0, this.#size).sort();
    if (set.length === 0) return DEAD;
    let key = String.fromCharCode(this.#before);
    for (let i = 0; i < set.length; i++) key += String.fromCharCode(set[i]);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    return this.#keep({ set: set.slice(), before: this.#before }, key);
  }

  #keep(state: State, key: string): number {
    if (this.#states.length === 0) this.#states.length = FIRST_STATE;
    const number = this.#states.push(state) - 1;
    this.#numbers.set(key, number);
    this.#bytes += STATE_BYTES + 4 * state.set.length + 4 * this.#columns;
    if (this.#states.length * this.#columns > this.#table.length) {
      const larger = new Int32Array(2 * this.#states.length * this.#columns);
      larger.set(this.#table);
      this.#table = larger;
    }
    return number;
  }

  /** Drops all states but one, and answers its new number. */
  #forgetAllBut(number: number): number {
    const { set, before } = this.#states[number];
    this.#states = [];
    this.#numbers = new Map();
    this.#table = new Int32Array(0);
    this.#bytes = 0;
    this.#first = this.#begin();
    this.#set.set(set);
    this.#size = set.length;
    this.#before = before;
    return this.#number();
  }

  #simulate(from: State, bytes: Uint8Array, at: number, to: number): boolean {
    let set: Uint16Array = new Uint16Array(this.#set.length);
    set.set(from.set);
    let size = from.set.length;
    let before = from.before;
    for (; at <= to; at++) {
      const outcome = this.#step(set, size, before, at < to ? this.#classOf[bytes[at]] : this.#endClass);
      if (outcome !== GOES_ON) return outcome === MATCH;
      [set, this.#set] = [this.#set, set];
      size = this.#size;
      before = this.#before;
    }
    return false;
  }

  /** Makes the set that a class of bytes, or the end, leads to. GOES_ON, or MATCH or DEAD where it is decided. */
  #step(set: Uint16Array, size: number, before: number, byteClass: number): number {
    const { operation, first, last, next, start } = this.#program;
    const isEnd = byteClass === this.#endClass;
    const byte = isEnd ? -1 : this.#byteOf[byteClass];
    const now = this.#now;
    this.work += size;
    let count = 0;
    this.#nextMark();
    for (let i = 0; i < size; i++) {
      const instruction = set[i];
      if (this.#marks[instruction] === this.#mark) continue;
      if (operation[instruction] === BYTE) {
        this.#marks[instruction] = this.#mark;
        now[count++] = instruction;
      } else {
        count = this.#decide(instruction, before, byte, count);
        if (count < 0) return MATCH;
      }
    }
    if (isEnd) return DEAD;

    this.#size = 0;
    this.#before = byte === 0x0a ? NEW_LINE : isWord(byte) ? WORD_CHARACTER : OTHER;
    this.#nextMark();
    for (let i = 0; i < count; i++) {
      const instruction = now[i];
      if (byte >= first[instruction] && byte <= last[instruction] && this.#follow(next[instruction])) return MATCH;
    }
    if (this.#follow(start)) return MATCH;
    if (!this.#waits()) this.#before = OTHER;
    return this.#size === 0 ? DEAD : GOES_ON;
  }

  /** Whether an assertion is in the set that was made. */
  #waits(): boolean {
    for (let i = 0; i < this.#size; i++) if (this.#program.operation[this.#set[i]] === ASSERT) return true;
    return false;
  }

  /**
   * Follows a waiting assertion, and those behind it, now that both sides of the position are known. Instructions for bytes go to
   * `now` from `count` on: answers how many it has then, or -1 for a match.
   */
  #decide(assertion: number, before: number, byte: number, count: number): number {
    const { operation, first, next, other } = this.#program;
    const stack = this.#stack;
    let depth = 0;
    stack[depth++] = assertion;
    while (depth > 0) {
      const instruction = stack[--depth];
      if (this.#marks[instruction] === this.#mark) continue;
      this.#marks[instruction] = this.#mark;
      this.work++;
      switch (operation[instruction]) {
        case BYTE:
          this.#now[count++] = instruction;
          break;
        case FORK:
          stack[depth++] = next[instruction];
          stack[depth++] = other[instruction];
          break;
        case ASSERT:
          if (holds(first[instruction], before, byte)) stack[depth++] = next[instruction];
          break;
        default:
          return -1;
      }
    }
    return count;
  }

  /** Puts what follows without a byte into the set that is being made. True: a match is reached. */
  #follow(instruction: number): boolean {
    const { operation, first, next, other } = this.#program;
    const stack = this.#stack;
    let depth = 0;
    stack[depth++] = instruction;
    while (depth > 0) {
      instruction = stack[--depth];
      if (this.#marks[instruction] === this.#mark) continue;
      this.#marks[instruction] = this.#mark;
      this.work++;
      switch (operation[instruction]) {
        case FORK:
          stack[depth++] = next[instruction];
          stack[depth++] = other[instruction];
          break;
        case MATCH_INSTRUCTION:
          return true;
        case ASSERT:
          // The beginning of the text does not come again.
          if (first[instruction] === ASSERTION_CODE.textStart && this.#before !== TEXT_START) break;
          this.#set[this.#size++] = instruction;
          break;
        default:
          this.#set[this.#size++] = instruction;
      }
    }
    return false;
  }

  #nextMark(): void {
    if (this.#mark === 0xffffffff) {
      this.#marks.fill(0);
      this.#mark = 0;
    }
    this.#mark++;
  }
}

const isWord = (byte: number): boolean => (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || (byte >= 0x61 && byte <= 0x7a);

/** `byte`: -1 at the end. Inside of a character no assertion holds. */
function holds(assertion: number, before: number, byte: number): boolean {
  if ((byte & 0xc0) === 0x80 && byte >= 0) return false;
  switch (assertion) {
    case ASSERTION_CODE.textStart:
      return before === TEXT_START;
    case ASSERTION_CODE.textEnd:
      return byte < 0;
    case ASSERTION_CODE.lineStart:
      return before === TEXT_START || before === NEW_LINE;
    case ASSERTION_CODE.lineEnd:
      return byte < 0 || byte === 0x0a;
    case ASSERTION_CODE.wordBoundary:
      return (before === WORD_CHARACTER) !== isWord(byte);
    default:
      return (before === WORD_CHARACTER) === isWord(byte);
  }
}
