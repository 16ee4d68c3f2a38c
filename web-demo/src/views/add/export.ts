/** A collection as a file of the visitor's. */
import { openCollection } from '../../session/database.ts';
import type { Description } from '../../collections/own/description.ts';
import { datasets } from '../../collections/registry.ts';

export const EXPORTS = [
  { kind: 'csv', title: 'CSV', ending: 'csv' },
  { kind: 'jsonl', title: 'JSONL', ending: 'jsonl' },
  { kind: 'parquet', title: 'Parquet', ending: 'parquet' },
  { kind: 'arrow-file', title: 'Arrow', ending: 'arrow' },
  { kind: 'numpy', title: 'NumPy, the vectors', ending: 'npy' },
] as const;

export type ExportKind = (typeof EXPORTS)[number]['kind'];

export async function exportOwn(description: Description, kind: ExportKind, withVectors: boolean): Promise<{ readonly name: string }> {
  const dataset = datasets.get().all.find(({ id }) => id === description.id);
  if (dataset === undefined) throw new Error('The collection is not there any more.');
  const { title, schema, vector } = description;
  const open = openCollection(dataset);
  const fields = Object.keys((schema as { fields: Record<string, unknown> }).fields).filter((name) => withVectors || name !== vector.field);
  const { blob } = await (await whenOpen(open)).export('blob', { format: kind, ...(kind === 'numpy' ? {} : { outputFields: fields }), arrow: () => import('apache-arrow') } as never);
  const name = `${title.replace(/[^\p{L}\p{N} ._-]+/gu, '_')}.${EXPORTS.find((each) => each.kind === kind)!.ending}`;
  const url = URL.createObjectURL(blob!);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return { name };
}

type Open = ReturnType<typeof openCollection>;

async function whenOpen(open: Open): Promise<Open['collection']> {
  while (!open.isOpen) {
    const { phase, failure } = open.state.get();
    if (phase === 'failed') throw new Error(failure?.detail ?? 'The collection could not be opened.');
    await new Promise<void>((resolve) => {
      const stop = open.state.subscribe(() => (stop(), resolve()));
    });
  }
  return open.collection;
}
