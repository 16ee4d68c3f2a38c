/** A condition under construction: text of the filter language in which every value is a template, so that nothing in a value is ever read as text. */
import { ElanusError } from '../util/error.ts';

export type FilterValue = boolean | number | bigint | string;

/** What `search`, `query`, `delete` and the like take. */
export interface FilterOptions {
  readonly filter: string;
  readonly filterParams: Readonly<Record<string, FilterValue | readonly FilterValue[]>>;
}

/** Where values go while a text is written: the template that stands for one. */
export type Template = (value: FilterValue | readonly FilterValue[]) => string;
/** Writes a part of a filter. */
export type Write = (template: Template) => string;

/** Levels of nesting that the filter language takes, less those that a leaf needs. */
const MAX_DEPTH = 190;

/** INVALID_ARGUMENT where so many levels are more than the engine reads. */
export function checkDepth(depth: number): number {
  if (depth > MAX_DEPTH) throw new ElanusError('INVALID_ARGUMENT', `"filter" expected at most ${MAX_DEPTH} levels of nesting, got more`, { field: 'filter' });
  return depth;
}

/** True or false of a row. Made by `filterOf`; immutable. */
export class Condition {
  readonly #write: Write;
  readonly #depth: number;
  /** What it was joined from, and by which word: so that more of the same comes to lie beside it. */
  readonly #joined: { readonly word: string; readonly parts: readonly Condition[] } | null;

  /** @internal */
  constructor(write: Write, depth: number, joined: { readonly word: 'and' | 'or'; readonly parts: readonly Condition[] } | null = null) {
    this.#write = write;
    this.#depth = checkDepth(depth);
    this.#joined = joined;
  }

  /** The options of a call: `docs.search({ vector, ...condition.toOptions() })`. */
  toOptions(): FilterOptions {
    return render(this.#write);
  }

  /** Of the rows that match keeps each by this chance, above 0 and below 1. */
  sample(chance: number): SampledCondition {
    return new SampledCondition((template) => `${this.#write(template)} and random_sample(${template(chance)})`);
  }

  /** All or one of them. None: true of every row, or of none. @internal */
  static join(word: 'and' | 'or', conditions: readonly Condition[]): Condition {
    const parts = conditions.flatMap((part) => {
      check(part);
      return part.#joined?.word === word ? part.#joined.parts : [part];
    });
    if (parts.length === 1) return parts[0];
    const depth = 2 + parts.reduce((most, part) => Math.max(most, part.#depth), 0);
    const write: Write = (template) => (parts.length === 0 ? String(word === 'and') : `(${parts.map((part) => part.#write(template)).join(` ${word} `)})`);
    return new Condition(write, depth, { word, parts });
  }

  /** @internal */
  static not(part: Condition): Condition {
    check(part);
    return new Condition((template) => `not (${part.#write(template)})`, part.#depth + 2);
  }
}

/** A condition with `sample`, which stands at the end of a filter and so cannot be joined with others. */
export class SampledCondition {
  readonly #write: Write;

  /** @internal */
  constructor(write: Write) {
    this.#write = write;
  }

  /** As of {@link Condition}. */
  toOptions(): FilterOptions {
    return render(this.#write);
  }
}

function check(part: unknown): asserts part is Condition {
  if (!(part instanceof Condition)) throw new ElanusError('INVALID_ARGUMENT', '"filter" expected conditions to join, got something else (what has sample() stands last)', { field: 'filter' });
}

function render(write: Write): FilterOptions {
  const filterParams: Record<string, FilterValue | readonly FilterValue[]> = {};
  let count = 0;
  const filter = write((value) => {
    const name = `v${count++}`;
    filterParams[name] = typeof value === 'object' ? [...value] : value;
    return `{${name}}`;
  });
  return { filter, filterParams };
}
