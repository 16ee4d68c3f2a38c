/** A collection that a visitor made, as the page's views know one. */
import { defineSchema } from 'elanus';
import type { Database, Embedder, Schema } from 'elanus';
import { embedders } from '../../session/embedders.ts';
import { formatCount } from '../../util/format.ts';
import type { Dataset, TextEmbedder } from '../dataset.ts';
import type { Description } from './description.ts';
import { embedLatent, knownShare } from './latent-spaces.ts';
import { modelOf } from './models.ts';
import { runningModel } from './running-models.ts';

export function ownDataset(database: Database, description: Description): Dataset {
  const { id, title, key, keyType, vector, fields, label, texts, facts, columns, rows, embedder, schema } = description;
  const named = label ?? texts[0] ?? (keyType === 'string' ? key : undefined);
  const columnOf = (field: string): string => columns.find(([of]) => of === field)?.[1] ?? field;
  return {
    id,
    title,
    about: aboutOf(description),
    noun: { one: 'row', many: 'rows' },
    key,
    keyType,
    vector,
    fields,
    label: named,
    ...(named === undefined ? {} : { words: { field: named, of: columnOf(named) } }),
    cardFields: [...new Set([...(label === undefined ? [] : [label]), ...texts, ...facts.map(([field]) => field)])],
    rows,
    schema: defineSchema(schema as Parameters<typeof defineSchema>[0]) as unknown as Schema,
    isComplete: async () => true,
    ...(embedder.kind === 'file' ? {} : { loadText: async () => textOf(database, description) }),
    loadCard: async () => (await import('./own-card.tsx')).cardOf(description),
  };
}

/** Registers what makes vectors of texts for a collection, where the database needs it. Models are registered beforehand. */
export function registerEmbedder(database: Database, { id, embedder }: Description): void {
  if (embedder.kind !== 'latent') return;
  const embed: Embedder = (asked, { signal }) => embedLatent(database, id, embedder.id, asked, signal);
  embedders.set(embedder.id, embed);
}

function textOf(database: Database, { id, embedder, examples }: Description): TextEmbedder {
  if (embedder.kind === 'latent') {
    return {
      about: `latent space, ${embedder.dim} dimensions`,
      embed: (text, signal) => embedLatent(database, id, embedder.id, [text], signal),
      knows: (text) => knownShare(embedder.id, text),
      examples,
    };
  }
  if (embedder.kind !== 'model') throw new Error('the vectors came with the file: words cannot be turned into one');
  const model = runningModel(embedder.id);
  return { about: model.about, embed: (text, signal) => model.embed([text], 'query', signal), download: model, examples };
}

function aboutOf({ source, rows, embedder, vector, embedded }: Description): string {
  const from = `${formatCount(rows)} ${rows === 1 ? 'row' : 'rows'} of yours, from ${source.name}.`;
  const columns = embedded.join(' and ');
  switch (embedder.kind) {
    case 'latent':
      return `${from} Their vectors are a latent space of ${columns}: ${embedder.dim} numbers that this page worked out from which of its ${formatCount(embedder.terms)} words occur together. It knows no other words.`;
    case 'model':
      return `${from} The language model ${modelOf(embedder.id)?.title ?? embedder.id} turned ${columns} into ${vector.dim} numbers in this tab.`;
    case 'file':
      return `${from} Their vectors of ${vector.dim} numbers came with it.`;
  }
}
