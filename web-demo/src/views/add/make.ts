/** Makes a collection of the rows of a file: looks at all of them, makes vectors, writes batch by batch, builds the index. Nothing is listed as whole before all of it is. */
import { defineSchema, isElanusError } from 'elanus';
import type { Collection, Database } from 'elanus';
import type { Description, EmbedderInfo, Reading } from '../../collections/own/description.ts';
import { keepBytes, keepDescription, readBytes } from '../../collections/own/kept.ts';
import { modelOf } from '../../collections/own/models.ts';
import { readOwn, tellOtherTabs } from '../../collections/own/own.ts';
import { runningModel } from '../../collections/own/running-models.ts';
import { datasets } from '../../collections/registry.ts';
import { refreshStats } from '../../session/database.ts';
import type { Made } from './adding.ts';
import type { Mapping } from './mapping.ts';
import { idFor } from './names.ts';
import { heard } from './table-client.ts';
import type { TableClient } from './table-client.ts';

export type Step = 'look' | 'embedder' | 'write' | 'index';

export interface MakeProgress {
  readonly step: Step;
  /** Rows, or parts of the work; `total` 0: not known. */
  readonly done: number;
  readonly total: number;
  /** Of all that is to be done, 0 to 1. */
  readonly share: number;
}

/** What each step is of the whole, about. */
const SHARES: Record<Step, readonly [from: number, of: number]> = { look: [0, 0.1], embedder: [0.1, 0.25], write: [0.35, 0.5], index: [0.85, 0.15] };

/** Rows of one write: few where a model takes its time, so that a cancelled one loses little. */
const BATCH_ROWS = 250;
const MODEL_BATCH_ROWS = 64;
/** Smaller collections are filtered by a scan as quickly. */
const INDEXED_ROWS = 10_000;

interface Work {
  readonly database: Database;
  readonly client: TableClient;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MakeProgress) => void;
}

interface MakeRequest extends Work {
  readonly mapping: Mapping;
  readonly reading: Reading;
  readonly source: Description['source'];
  /** Something is kept from here on. */
  readonly onBegun: (description: Description) => void;
}

export async function makeCollection(request: MakeRequest): Promise<Made> {
  const { database, client, mapping, reading, source, signal, onBegun } = request;
  const begin = performance.now();
  const tell = teller(request);
  const examined = await client.call((remote) => remote.examine(mapping, heard(tell('look'))), signal);
  const { embedder, bytes, dim } = await embedderOf(request);
  const plan = await client.call((remote) => remote.plan(mapping, embedder, dim), signal);
  const examples = embedder.kind === 'file' ? [] : await client.call((remote) => remote.examples(), signal);
  const taken = new Set([...(await database.listCollections()), ...datasets.get().all.map(({ id }) => id)]);
  const description: Description = {
    id: idFor(mapping.title, taken),
    title: mapping.title.trim(),
    state: 'making',
    made: Date.now(),
    source,
    reading,
    rows: examined.rows,
    embedder,
    examples,
    ...plan,
  };
  signal.throwIfAborted();
  return locked(description.id, async () => {
    if (bytes !== null) await keepBytes(database, description.id, bytes);
    await keepDescription(database, description);
    onBegun(description);
    return finish(request, description, { begin, isCut: examined.isCut });
  });
}

/** Goes on with one that was begun. */
export async function finishCollection(request: Work & { readonly description: Description }): Promise<Made> {
  const { database, client, description, signal } = request;
  const begin = performance.now();
  return locked(description.id, async () => {
    const { embedder } = description;
    if (embedder.kind === 'latent') {
      const bytes = await readBytes(database, description.id);
      await client.call((remote) => remote.restore(bytes), signal);
    } else if (embedder.kind === 'model') await loadModel(embedder.id, teller(request)('embedder'), signal);
    return finish(request, description, { begin, isCut: false });
  });
}

/** Rows that are missing, the index, and the word that it is whole. */
async function finish(request: Work, description: Description, { begin, isCut }: { readonly begin: number; readonly isCut: boolean }): Promise<Made> {
  const { database, client, signal } = request;
  const { id, title, rows, vector, embedder, columns, asText, embedded, fields } = description;
  const tell = teller(request);
  const schema = defineSchema(description.schema as Parameters<typeof defineSchema>[0]);
  const collection = (await database.createCollection(id, schema, { ifNotExists: true })) as unknown as Collection;
  const skip = await collection.count('', { consistency: 'Strong', signal });
  const onWritten = tell('write');
  onWritten(skip, rows);
  const batchRows = embedder.kind === 'model' ? MODEL_BATCH_ROWS : BATCH_ROWS;
  await client.call((remote) => remote.begin({ columns, asText, embedded, embedder: embedder.kind, rows, skip, batchRows }), signal);
  for (;;) {
    const batch = await client.call((remote) => remote.next(), signal);
    if (batch === null) break;
    const vectors = batch.texts === null || embedder.kind !== 'model' ? batch.vectors : await runningModel(embedder.id).embed(batch.texts, 'passage', signal);
    const written = Object.assign(Object.create(null) as object, Object.fromEntries(batch.columns), vectors === null ? {} : { [vector.field]: vectors });
    try {
      await collection.insert(written as never, { signal });
    } catch (error) {
      throw ofFile(error, batch.done - batch.rows);
    }
    onWritten(batch.done, rows);
  }
  const onIndexed = tell('index');
  onIndexed(0, rows);
  await collection.createIndex(vector.field, { type: 'HNSW', metric: vector.metric, params: { M: 16, efConstruction: 200 } } as never, { signal, onProgress: ({ done, total }) => onIndexed(done, total) });
  if (rows >= INDEXED_ROWS) for (const { name, kind } of fields) await collection.createIndex(name, { type: kind === 'number' ? 'STL_SORT' : 'INVERTED' } as never, { signal });
  const whole = await collection.count('', { signal });
  if (whole < rows) throw new Error(`Only ${whole} of ${rows} rows are there: is it the same file as before?`);
  await keepDescription(database, { ...description, state: 'whole' });
  await readOwn(database);
  tellOtherTabs();
  void refreshStats();
  return { id, title, rows, isCut, ms: performance.now() - begin };
}

async function embedderOf(request: MakeRequest): Promise<{ readonly embedder: EmbedderInfo; readonly bytes: Uint8Array<ArrayBuffer> | null; readonly dim: number }> {
  const { client, mapping, signal } = request;
  const tell = teller(request)('embedder');
  if (mapping.from === 'column') return { embedder: { kind: 'file' }, bytes: null, dim: 0 };
  if (mapping.embedder === 'latent') return client.call((remote) => remote.fit(heard(tell)), signal);
  const model = modelOf(mapping.embedder);
  if (model === undefined) throw new Error(`This page does not know the model ${mapping.embedder}.`);
  await loadModel(model.id, tell, signal);
  return { embedder: { kind: 'model', id: model.id }, bytes: null, dim: model.dim };
}

async function loadModel(id: string, tell: (done: number, total: number) => void, signal: AbortSignal): Promise<void> {
  const model = runningModel(id);
  const stopListening = model.state.subscribe(() => tell(Math.round(100 * model.state.get().share), 100));
  try {
    await model.start();
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`The model ${modelOf(id)?.title ?? id} cannot be used. ${error instanceof Error ? error.message : String(error)}. The latent space needs nothing from elsewhere.`, { cause: error });
  } finally {
    stopListening();
  }
  signal.throwIfAborted();
}

const teller =
  ({ onProgress }: Pick<Work, 'onProgress'>) =>
  (step: Step) =>
  (done: number, total: number): void => {
    const [from, of] = SHARES[step];
    onProgress({ step, done, total, share: from + (total === 0 ? 0 : of * Math.min(1, done / total)) });
  };

/** A refusal of a batch as one of the file. */
function ofFile(error: unknown, first: number): unknown {
  if (!isElanusError(error) || typeof error.detail['row'] !== 'number') return error;
  const row = error.detail['row'];
  return new Error(`row ${first + row}: ${error.message.replace(` of row ${row}`, '')}`, { cause: error });
}

/** One tab at a time works on a collection. */
async function locked<T>(id: string, run: () => Promise<T>): Promise<T> {
  if (navigator.locks === undefined) return run();
  return navigator.locks.request(`elanus-demo:${id}`, { ifAvailable: true }, (lock) => {
    if (lock === null) throw new Error('Another tab is at work on it.');
    return run();
  }) as Promise<T>;
}
