/** Databases to be damaged: made through the API in memory, with a plain model of what they hold. */
import { parts } from '../../src/on-demand.ts';
import { makeConnect, type Connect } from '../../src/api/connect.ts';
import { openEngine } from '../../src/engine/engine.ts';
import { runBuild } from '../../src/index/build.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { inlineBuildService } from '../../src/worker/inline.ts';
import { testKernels } from '../support/kernels.ts';
import { random } from '../support/random.ts';

/** `connect` over what lies in a medium, whatever URL is given. */
export function connectTo(medium: MemoryMedium): Connect {
  return makeConnect(async ({ options }, context) => {
    const kernels = await testKernels('simd');
    medium.lockedBy = null;
    const builds = inlineBuildService((job, buildContext) => {
      if (job.vectors.kind !== 'bytes') throw new Error('an engine on its own thread builds from the vectors themselves');
      return runBuild(kernels, job, job.vectors.values, buildContext);
    });
    return openEngine({ store: openMemoryStore({ medium, readOnly: options.readOnly }), kernels, builds, onDemand: async () => parts, options, onEvent: context.onEvent, context });
  });
}

export function copyOf(medium: MemoryMedium): MemoryMedium {
  const copy = new MemoryMedium();
  for (const [name, bytes] of medium.files) copy.files.set(name, bytes.slice());
  for (const [name, pieces] of medium.logs) copy.logs.set(name, pieces.map((piece) => piece.slice()));
  copy.root = medium.root?.slice() ?? null;
  return copy;
}

export const DIM = 256;

export const docsSchema = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    title: { type: 'VarChar', maxLength: 64 },
    meta: { type: 'JSON' },
    flag: { type: 'Bool' },
    v: { type: 'FloatVector', dim: DIM, index: { type: 'HNSW_SQ', metric: 'L2', params: { M: 4, efConstruction: 8, sq_type: 'SQ8' } } },
  },
});

export const wordsSchema = defineSchema({
  dynamicField: true,
  fields: {
    word: { type: 'VarChar', maxLength: 32, primaryKey: true },
    count: { type: 'Int32' },
    names: { type: 'Array', elementType: 'VarChar', maxCapacity: 4, maxLength: 32 },
    marks: { type: 'Array', elementType: 'Bool', maxCapacity: 20 },
    weights: { type: 'SparseFloatVector' },
    bits: { type: 'BinaryVector', dim: 64 },
    half: { type: 'Float16Vector', dim: 4 },
  },
});

export interface Doc {
  readonly id: number;
  readonly title: string;
  readonly meta: { readonly id: number; readonly version: number; readonly tags: readonly string[] };
  readonly flag: boolean;
  readonly v: Float32Array;
}
export interface Word {
  readonly word: string;
  readonly count: number;
  readonly names: readonly string[];
  readonly marks: readonly boolean[];
  readonly hue: number;
  readonly weights: Record<number, number>;
  readonly bits: Uint8Array;
  readonly half: number[];
}

export interface Sample {
  readonly medium: MemoryMedium;
  readonly docs: ReadonlyMap<number, Doc>;
  readonly words: ReadonlyMap<string, Word>;
}

export function docOf(id: number, version: number): Doc {
  const next = random(id * 31 + version);
  return { id, title: `doc ${id} version ${version}`, meta: { id, version, tags: ['kite', '🪁'] }, flag: (id + version) % 2 === 0, v: Float32Array.from({ length: DIM }, () => next() - 0.5) };
}

export function wordOf(number: number, version: number): Word {
  const next = random(number * 17 + version);
  return {
    word: `wörd ${number}`,
    count: number * 10 + version,
    names: Array.from({ length: number % 4 }, (_, i) => `nämé ${number + i}`),
    marks: Array.from({ length: (number * 3) % 17 }, (_, i) => (number + i) % 3 === 0),
    hue: number / 8,
    weights: Object.fromEntries(Array.from({ length: 1 + (number % 5) }, (_, i) => [i * 7 + (number % 7), 0.25 + i])),
    bits: Uint8Array.from({ length: 8 }, () => Math.floor(next() * 256)),
    half: [number, version, 0.5, -1],
  };
}

/**
 * Two collections with segments, deletes, an index and logs. `isClosed`: the logs are ended; otherwise it is as a crash
 * leaves it, with everything acknowledged.
 */
export async function makeSample(isClosed: boolean): Promise<Sample> {
  const medium = new MemoryMedium();
  const db = await connectTo(medium)('memory:', { mode: 'inline' });
  const docs = await db.createCollection('docs', docsSchema);
  const words = await db.createCollection('words', wordsSchema);
  const docModel = new Map<number, Doc>();
  const wordModel = new Map<string, Word>();
  const insertDocs = async (ids: readonly number[], version: number): Promise<void> => {
    const rows = ids.map((id) => docOf(id, version));
    for (const row of rows) docModel.set(row.id, row);
    await docs.insert(rows);
  };
  const insertWords = async (numbers: readonly number[], version: number): Promise<void> => {
    const rows = numbers.map((number) => wordOf(number, version));
    for (const row of rows) wordModel.set(row.word, row);
    await words.insert(rows);
  };
  const deleteDocs = async (ids: number[]): Promise<void> => {
    for (const id of ids) docModel.delete(id);
    await docs.delete({ ids });
  };
  const upTo = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

  await insertDocs(upTo(0, 600), 1);
  await insertDocs(upTo(600, 1100), 1);
  await docs.flush();
  await docs.createIndex('v', { type: 'HNSW_SQ', metric: 'L2', params: { M: 4, efConstruction: 8, sq_type: 'SQ8' } });
  await deleteDocs(upTo(100, 120));
  await insertDocs([...upTo(40, 60), ...upTo(2000, 2040)], 2);
  await insertWords(upTo(0, 300), 1);
  await docs.flush();
  await words.flush();
  await insertDocs([...upTo(50, 70), ...upTo(3000, 3030)], 3);
  await deleteDocs(upTo(200, 210));
  await insertDocs(upTo(3030, 3060), 3);
  await insertWords(upTo(290, 310), 2);
  const removed = upTo(5, 9).map((number) => `wörd ${number}`);
  for (const word of removed) wordModel.delete(word);
  await words.delete({ ids: removed });
  if (!isClosed) {
    const crashed = copyOf(medium);
    await db.close();
    return { medium: crashed, docs: docModel, words: wordModel };
  }
  await db.close();
  return { medium, docs: docModel, words: wordModel };
}

export type Model<K, R> = ReadonlyMap<K, R>;

/** What a database holds of the sample's collections: all rows by key, found with `get`. */
export async function readAll(medium: MemoryMedium, keys: { readonly docs: Iterable<number>; readonly words: Iterable<string> }): Promise<{ docs: Map<number, Doc>; words: Map<string, Word>; counts: { docs: number; words: number } }> {
  const db = await connectTo(medium)('memory:', { mode: 'inline' });
  try {
    const docs = new Map<number, Doc>();
    const words = new Map<string, Word>();
    const counts = { docs: 0, words: 0 };
    const names = await db.listCollections();
    if (names.includes('docs')) {
      const collection = await db.collection('docs', docsSchema);
      counts.docs = await collection.count();
      for (const row of await collection.get([...keys.docs], { outputFields: '*' })) docs.set(Number(row.id), { ...row, id: Number(row.id) } as unknown as Doc);
    }
    if (names.includes('words')) {
      const collection = await db.collection('words', wordsSchema);
      counts.words = await collection.count();
      for (const row of await collection.get([...keys.words], { outputFields: '*' })) words.set(row.word, row as unknown as Word);
    }
    return { docs, words, counts };
  } finally {
    await db.close();
  }
}

/** A row in a form that rows of the model and rows that were read share. */
export const plainDoc = ({ id, title, meta, flag, v }: Doc): unknown => ({ id, title, meta, flag, v: [...v] });
export const plainWord = ({ word, count, weights, bits, half }: Word): unknown => {
  const pairs = 'indices' in weights ? Object.fromEntries([...(weights as unknown as { indices: Uint32Array; values: Float32Array }).indices].map((index, i) => [index, (weights as unknown as { values: Float32Array }).values[i]])) : weights;
  return { word, count, weights: pairs, bits: [...bits], half: [...half] };
};
