/** Filters of a collection: compiled once for all reads by the same text and values, and what they say of its partitions. */
import type { RowFilter } from '../exec/row-filter.ts';
import type { Filter, Literal, Predicate } from '../filter/predicate.ts';
import { bucketOf } from '../schema/partition-key.ts';
import type { Field, Schema } from '../schema/types.ts';
import { ElanusError } from '../util/error.ts';
import type { FilterInput } from './client.ts';
import type { OnDemand, OnDemandParts } from './on-demand.ts';

const REMEMBERED_MAX = 64;
/** Of longer ones, making a key of the values costs about as much as compiling. */
const KEY_LENGTH_MAX = 4_096;

export class Filters {
  /** By text and values; the least recently used first. */
  readonly #compiled = new Map<string, RowFilter>();
  readonly #onDemand: OnDemand;
  #schema: Schema | null = null;

  constructor(onDemand: OnDemand) {
    this.#onDemand = onDemand;
  }

  /** FILTER_SYNTAX, FILTER_TYPE. The same object for the same filter, as long as the schema stays; at once but for the first. */
  of(input: FilterInput, schema: Schema): RowFilter | Promise<RowFilter> {
    const { parts } = this.#onDemand;
    return parts ? this.#of(input, schema, parts) : this.#onDemand.load().then((loaded) => this.#of(input, schema, loaded));
  }

  #of(input: FilterInput, schema: Schema, { makeFilter }: OnDemandParts): RowFilter {
    if (schema !== this.#schema) {
      this.#schema = schema;
      this.#compiled.clear();
    }
    const key = keyOf(input);
    const known = key === null ? undefined : this.#compiled.get(key);
    const filter = known ?? makeFilter(input.text, input.values, schema);
    if (key === null) return filter;
    this.#compiled.delete(key);
    this.#compiled.set(key, filter);
    if (this.#compiled.size > REMEMBERED_MAX) for (const oldest of this.#compiled.keys()) { this.#compiled.delete(oldest); break; }
    return filter;
  }
}

function keyOf({ text, values }: FilterInput): string | null {
  if (typeof text !== 'string' || text.length > KEY_LENGTH_MAX) return null;
  if (values === undefined) return text;
  for (const name in values) if (Array.isArray(values[name]) && values[name].length > 64) return null;
  // What no template may be is told by the compiler, as what it is.
  const key = JSON.stringify(values, (_, value: unknown) => (typeof value === 'bigint' ? { n: String(value) } : typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)) ? { x: String(1 / value), y: String(value) } : value));
  return key.length > KEY_LENGTH_MAX ? null : `${text}\0${key}`;
}

/** The values of a field that rows must have one of to match; null where they may have any. Fields are told by their numbers: a schema that was read anew has objects of its own. */
export function valuesOf(predicate: Predicate, field: Field): readonly Literal[] | null {
  switch (predicate.kind) {
    case 'constant':
      return predicate.value ? null : [];
    case 'compare': {
      const { left, operator, right } = predicate;
      return operator === '==' && left.kind === 'field' && left.field.fieldId === field.fieldId && right.kind === 'literal' ? [right.value] : null;
    }
    case 'in':
      return !predicate.isNegated && predicate.value.kind === 'field' && predicate.value.field.fieldId === field.fieldId ? predicate.values : null;
    case 'and': {
      let least: readonly Literal[] | null = null;
      for (const part of predicate.parts) {
        const values = valuesOf(part, field);
        if (values && (!least || values.length < least.length)) least = values;
      }
      return least;
    }
    case 'or': {
      const all = new Set<Literal>();
      for (const part of predicate.parts) {
        const values = valuesOf(part, field);
        if (!values) return null;
        for (const value of values) all.add(value);
      }
      return [...all];
    }
    default:
      return null;
  }
}

/** Partitions, by position, in which matching rows may be; null: all. */
export function bucketsOf(filter: Filter, partitionKey: Field, buckets: number): Set<number> | null {
  const values = valuesOf(filter.predicate, partitionKey);
  return values && new Set(values.map((value) => bucketOf(value as bigint | string, buckets)));
}

/** INVALID_ARGUMENT unless the filter names one value of the partition key, as a collection with `partitionKeyIsolation` asks of its searches. */
export function assertIsolated(filter: Filter | null, partitionKey: Field, collection: string): void {
  const values = filter && valuesOf(filter.predicate, partitionKey);
  if (values?.length === 1) return;
  const got = !filter ? 'none' : values === null ? 'one that allows any value of it' : `one of ${values.length} values`;
  throw new ElanusError('INVALID_ARGUMENT', `"filter" expected "${partitionKey.name} == value", because "${collection}" keeps the values of its partition key apart (partitionKeyIsolation), got ${got}`, { parameter: 'filter', field: partitionKey.name, collection });
}
