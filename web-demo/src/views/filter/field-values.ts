/** The values that a field has, for those who type one: frequent ones, the least and the greatest. */
import type { Entity } from '../../collections/dataset.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import { valueAt } from './places.ts';
import type { Path, Subject } from './subject.ts';

export interface FieldValues {
  /** The most frequent first. */
  readonly frequent: readonly string[];
  readonly range: { readonly low: string; readonly high: string } | null;
}

export const NO_VALUES: FieldValues = { frequent: [], range: null };

const OFFERED = 40;
/** Characters: longer texts are none that one types. */
const LONGEST = 80;

const asked = new WeakMap<OpenCollection, Map<string, Promise<FieldValues>>>();

/** Asked once for as long as the rows do not change. */
export function fieldValues(open: OpenCollection, subject: Subject, path: Path, sample: readonly Entity[]): Promise<FieldValues> {
  const fields = asked.get(open) ?? new Map<string, Promise<FieldValues>>();
  asked.set(open, fields);
  const key = JSON.stringify([open.state.get().version, subject.field, path]);
  let values = fields.get(key);
  if (values === undefined) {
    values = subject.kind === 'json' || subject.kind === 'list' ? Promise.resolve(valuesInSample(subject, path, sample)) : readValues(open, subject);
    fields.set(key, values);
    values.catch(() => fields.delete(key));
  }
  return values;
}

async function readValues({ collection, dataset }: OpenCollection, { field, kind }: Subject): Promise<FieldValues> {
  const frequent = async (): Promise<string[]> => {
    // Every row has another key.
    if (field === dataset.key || kind === 'number') return [];
    const groups = (await collection.query({ groupBy: field, outputFields: ['count(*)'], orderBy: 'count(*):desc', limit: 2 * OFFERED } as never)) as Entity[];
    return offered(groups.map((group) => group[field]));
  };
  const range = async (): Promise<FieldValues['range']> => {
    if (kind !== 'number' && kind !== 'integer') return null;
    const [low, high] = [`min(${field})`, `max(${field})`];
    const [row] = (await collection.query({ outputFields: [low, high] } as never)) as Entity[];
    return row[low] === null ? null : { low: String(row[low]), high: String(row[high]) };
  };
  const [most, ends] = await Promise.all([frequent(), range()]);
  return { frequent: most, range: ends };
}

function valuesInSample({ field }: Subject, path: Path, sample: readonly Entity[]): FieldValues {
  const counts = new Map<unknown, number>();
  for (const row of sample) {
    const value = valueAt(row[field], path);
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) if (typeof each !== 'object' && each !== undefined) counts.set(each, (counts.get(each) ?? 0) + 1);
  }
  return { frequent: offered([...counts].sort((a, b) => b[1] - a[1]).map(([value]) => value)), range: null };
}

const offered = (values: readonly unknown[]): string[] => values.filter((value) => value !== null && value !== undefined).map(String).filter((text) => text !== '' && text.length <= LONGEST).slice(0, OFFERED);
