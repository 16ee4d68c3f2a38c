/** An index of whole values: sorted values, and where each is. */
import { truthWords, type Leaf, type Literal, type Truth, type Value } from '../filter/predicate.ts';
import { complement, countBits, headSections, unknownRows, type Rows, type Structure } from './head.ts';
import { isOver, type Answer, type IndexSection, type ScalarIndex, type Target } from './index.ts';
import type { Places } from './places.ts';
import { SortedTexts, VALUE_KINDS, type SortedValues } from './values.ts';

/** Ranges of positions, as pairs: from, to, from, to, … */
type Runs = readonly number[];

/** What a leaf asks of the index. */
type Question =
  /** Rows with a value in any of the runs; `isNegated`: all others that have a value. */
  | { readonly kind: 'any'; readonly runs: Runs; readonly isNegated: boolean }
  /** Rows with a value in each of the runs. */
  | { readonly kind: 'all'; readonly runs: Runs }
  /** Texts at positions [from, to) are to be compared with a pattern. */
  | { readonly kind: 'pattern'; readonly leaf: Leaf & { readonly kind: 'like' | 'regex' }; readonly from: number; readonly to: number; readonly isNegated: boolean }
  | { readonly kind: 'isNull' | 'exists'; readonly isNegated: boolean };

/** Doubles from here on stand for several integers. */
const EXACT_BELOW = 2 ** 53;
/** Texts that are compared with a pattern to guess how many match. */
const SAMPLE = 64;
/** What finding a value takes, and comparing a text with a pattern, in rows of a scan of numbers. */
const WORK_PER_VALUE = 100;
const WORK_PER_TEXT = 20;

export class ValueIndex implements ScalarIndex {
  readonly #structure: Structure;
  readonly #target: Target;
  readonly #about: Rows;
  readonly #values: SortedValues;
  readonly #places: Places;
  /** The last question: `answers`, `estimate` and `lookup` are asked one after another. */
  #last: { readonly leaf: Leaf; readonly question: Question | null } | null = null;

  constructor(structure: Structure, target: Target, about: Rows, values: SortedValues, places: Places) {
    this.#structure = structure;
    this.#target = target;
    this.#about = about;
    this.#values = values;
    this.#places = places;
  }

  get memoryBytes(): number {
    const { present, existing } = this.#about;
    return this.#values.memoryBytes + this.#places.memoryBytes + (present?.byteLength ?? 0) + (existing?.byteLength ?? 0);
  }

  sections(): IndexSection[] {
    const numbers = [VALUE_KINDS.indexOf(this.#values.kind), this.#values.count] as const;
    return [...headSections({ ...this.#about, structure: this.#structure, numbers }), ...this.#values.sections(), ...this.#places.sections()];
  }

  answers(leaf: Leaf): Answer {
    return this.#question(leaf) ? 'exact' : 'none';
  }

  lookup(leaf: Leaf): Truth {
    const question = this.#question(leaf)!;
    const about = this.#about;
    const bits = new Uint32Array(truthWords(about.rows));
    switch (question.kind) {
      case 'isNull':
      case 'exists': {
        const known = (about.existing ?? about.present)!;
        const isThere = known ? known.slice() : complement(bits, about);
        const isTrue = question.isNegated === (question.kind === 'isNull') ? isThere : complement(isThere, { ...about, present: null });
        return { isTrue, isUnknown: question.kind === 'exists' ? unknownRows(about) : null };
      }
      case 'all':
        this.#markAll(question.runs, bits);
        break;
      case 'pattern':
      case 'any':
        for (const [from, to] of pairsOf(question.kind === 'any' ? question.runs : this.#matching(question))) this.#places.mark(from, to, bits);
    }
    const isNegated = question.kind !== 'all' && question.isNegated;
    return { isTrue: isNegated ? complement(bits, about) : bits, isUnknown: unknownRows(about) };
  }

  estimate(leaf: Leaf): number {
    const question = this.#question(leaf)!;
    const { rows, present, existing } = this.#about;
    const valued = present ? countBits(present) : rows;
    const count = (runs: Runs): number => Math.min(sumOf(runs, (from, to) => this.#places.count(from, to)), valued);
    switch (question.kind) {
      case 'isNull':
      case 'exists': {
        const there = existing ? countBits(existing) : valued;
        return question.isNegated === (question.kind === 'isNull') ? there : rows - there;
      }
      case 'all':
        return pairsOf(question.runs).reduce((least, [from, to]) => Math.min(least, this.#places.count(from, to)), valued);
      case 'any':
        return question.isNegated ? valued - count(question.runs) : count(question.runs);
      case 'pattern': {
        const matching = Math.min(this.#places.count(question.from, question.to), valued) * this.#sampled(question);
        return question.isNegated ? valued - matching : matching;
      }
    }
  }

  work(leaf: Leaf): number {
    const question = this.#question(leaf)!;
    const reading = this.#about.rows / 32;
    const marking = (runs: Runs): number => WORK_PER_VALUE * runs.length + sumOf(runs, (from, to) => this.#places.work(from, to));
    switch (question.kind) {
      case 'pattern':
        return reading + WORK_PER_TEXT * (question.to - question.from) + marking([question.from, question.to]);
      case 'any':
      case 'all':
        return reading + marking(question.runs);
      default:
        return reading;
    }
  }

  #question(leaf: Leaf): Question | null {
    if (this.#last?.leaf !== leaf) this.#last = { leaf, question: this.#ask(leaf) };
    return this.#last.question;
  }

  #ask(leaf: Leaf): Question | null {
    const over = leaf.kind === 'compare' ? leaf.left : leaf.kind === 'range' || leaf.kind === 'in' ? leaf.value : leaf.ref;
    if (!this.#isOver(over)) return null;
    const { path, field } = this.#target;
    if (leaf.kind === 'isNull') return { kind: 'isNull', isNegated: leaf.isNegated };
    if (leaf.kind === 'exists') return path === null ? null : { kind: 'exists', isNegated: false };
    const isOfElements = field.type === 'Array' || (this.#target.cast?.startsWith('array_') ?? false);
    if (isOfElements !== (leaf.kind === 'contains')) return null;
    switch (leaf.kind) {
      case 'compare':
        return leaf.right.kind === 'literal' ? this.#compare(leaf.operator, leaf.right.value) : null;
      case 'range':
        return this.#range(leaf);
      case 'in':
        return this.#oneOf(leaf.values, leaf.isNegated);
      case 'contains': {
        // Of no values it depends on whether there is an array at all.
        const found = leaf.values.length === 0 ? null : this.#oneOf(leaf.values, false);
        return found && leaf.mode === 'all' ? { kind: 'all', runs: found.runs } : found;
      }
      case 'like':
      case 'regex':
        return this.#pattern(leaf);
      default:
        return null;
    }
  }

  #isOver(value: Value): boolean {
    return (value.kind === 'field' || value.kind === 'path') && isOver(this.#target, value);
  }

  /** Whether where the literal stands among the values says which rows it is compared to as the filter means it. */
  #isExact(literal: unknown): literal is Literal {
    if (!this.#values.isComparable(literal)) return false;
    // Integers of JSON are compared as integers, and lie here as doubles.
    return this.#target.path === null || typeof literal !== 'number' || Math.abs(literal) < EXACT_BELOW;
  }

  /** Rows with a value in one run; of more than half of all by those without, which are the others where every row has one value. */
  #run(from: number, end: number, isNegated: boolean): Question {
    const to = Math.max(from, end);
    const { count } = this.#values;
    const places = this.#places;
    const isOthers = this.#target.path === null && places.count(from, to) > places.count(0, count) / 2;
    return isOthers ? { kind: 'any', runs: [0, from, to, count], isNegated: !isNegated } : { kind: 'any', runs: [from, to], isNegated };
  }

  #compare(operator: (Leaf & { readonly kind: 'compare' })['operator'], literal: Literal): Question | null {
    if (!this.#isExact(literal)) return null;
    const values = this.#values;
    switch (operator) {
      case '<':
        return this.#run(0, values.lower(literal), false);
      case '<=':
        return this.#run(0, values.upper(literal), false);
      case '>':
        return this.#run(values.upper(literal), values.count, false);
      case '>=':
        return this.#run(values.lower(literal), values.count, false);
      default:
        return this.#run(values.lower(literal), values.upper(literal), operator === '!=');
    }
  }

  #range({ low, high, includesLow, includesHigh }: Leaf & { readonly kind: 'range' }): Question | null {
    if (!this.#isExact(low) || !this.#isExact(high)) return null;
    const from = includesLow ? this.#values.lower(low) : this.#values.upper(low);
    const to = includesHigh ? this.#values.upper(high) : this.#values.lower(high);
    return this.#run(from, to, false);
  }

  #oneOf(values: readonly unknown[], isNegated: boolean): (Question & { readonly kind: 'any' }) | null {
    const runs: number[] = [];
    for (const value of values) {
      if (!this.#isExact(value)) return null;
      runs.push(this.#values.lower(value), this.#values.upper(value));
    }
    return { kind: 'any', runs, isNegated };
  }

  #pattern(leaf: Leaf & { readonly kind: 'like' | 'regex' }): Question | null {
    const values = this.#values;
    if (!(values instanceof SortedTexts)) return null;
    const [from, to] = values.beginningWith(leaf.pattern.prefix);
    const isNegated = leaf.kind === 'regex' && leaf.isNegated;
    return leaf.pattern.isPrefix ? this.#run(from, to, isNegated) : { kind: 'pattern', leaf, from, to, isNegated };
  }

  #matching({ leaf, from, to }: Question & { readonly kind: 'pattern' }): Runs {
    const texts = this.#values as SortedTexts;
    const runs: number[] = [];
    for (let at = from; at < to; at++) {
      if (!texts.matches(leaf.pattern, at)) continue;
      if (runs[runs.length - 1] === at) runs[runs.length - 1] = at + 1;
      else runs.push(at, at + 1);
    }
    return runs;
  }

  /** The share of some texts that match. */
  #sampled({ leaf, from, to }: Question & { readonly kind: 'pattern' }): number {
    const texts = this.#values as SortedTexts;
    const sample = Math.min(SAMPLE, to - from);
    let found = 0;
    for (let i = 0; i < sample; i++) if (texts.matches(leaf.pattern, from + Math.floor(((i + 0.5) * (to - from)) / sample))) found++;
    return sample === 0 ? 0 : found / sample;
  }

  #markAll(runs: Runs, bits: Uint32Array): void {
    bits.fill(-1);
    for (const [from, to] of pairsOf(runs)) {
      const other = new Uint32Array(bits.length);
      this.#places.mark(from, to, other);
      for (let word = 0; word < bits.length; word++) bits[word]! &= other[word]!;
    }
  }
}

function pairsOf(runs: Runs): [number, number][] {
  const pairs: [number, number][] = [];
  for (let i = 0; i < runs.length; i += 2) pairs.push([runs[i]!, runs[i + 1]!]);
  return pairs;
}

function sumOf(runs: Runs, count: (from: number, to: number) => number): number {
  let sum = 0;
  for (let i = 0; i < runs.length; i += 2) sum += count(runs[i]!, runs[i + 1]!);
  return sum;
}
