/** The fields of a collection as conditions know them, and what rows have inside their JSON. */
import { useEffect, useState } from 'preact/hooks';
import type { Entity } from '../../collections/dataset.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import { useStore } from '../../util/store.ts';
import { dynamicOf, placesIn } from './places.ts';
import type { Place } from './places.ts';
import { subjectsOf } from './subject.ts';
import type { Subject } from './subject.ts';

/** Rows that are looked at for what lies in JSON and in arrays. */
const SAMPLE = 300;

export interface Known {
  readonly subjects: readonly Subject[];
  /** By JSON field. */
  readonly places: Readonly<Record<string, readonly Place[]>>;
  /** Values of JSON and Array fields in some rows. */
  readonly sample: readonly Entity[];
}

/** Null until the schema has been read. */
export function useSubjects(open: OpenCollection): Known | null {
  const [known, setKnown] = useState<Known | null>(null);
  const { rows } = useStore(open.state);
  useEffect(() => {
    const abort = new AbortController();
    learn(open, abort.signal).then(
      (learnt) => !abort.signal.aborted && setKnown(learnt),
      (error: unknown) => abort.signal.aborted || console.warn('elanus demo:', error),
    );
    return () => abort.abort();
  }, [open, rows === 0]);
  return known;
}

async function learn({ collection, dataset }: OpenCollection, signal: AbortSignal): Promise<Known> {
  const { schema } = await collection.describe();
  const subjects = subjectsOf(schema, dataset.fields);
  const inner = subjects.filter(({ kind }) => kind === 'json' || kind === 'list');
  if (inner.length === 0) return { subjects, places: {}, sample: [] };
  const fields = new Set(schema.fields.map(({ name }) => name));
  const outputFields = inner.map(({ field, isDynamic }) => (isDynamic ? '$meta' : field));
  const rows = (await collection.query({ filter: '', limit: SAMPLE, outputFields, signal })) as Entity[];
  const sample: readonly Entity[] = subjects.some(({ isDynamic }) => isDynamic) ? rows.map((row) => ({ ...row, $meta: dynamicOf(row, fields) })) : rows;
  const places = Object.fromEntries(inner.filter(({ kind }) => kind === 'json').map(({ field }) => [field, placesIn(sample.map((row) => row[field]))]));
  return { subjects, places, sample };
}
