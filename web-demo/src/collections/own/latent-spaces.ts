/** Texts through the latent spaces of the visitor's collections. A space is read from the database when it is first asked. */
import { wrap } from 'comlink';
import type { Remote } from 'comlink';
import type { Database } from 'elanus';
import { readBytes } from './kept.ts';
import type { OwnWorker } from './own-worker.ts';

let remote: Remote<OwnWorker> | null = null;
const loaded = new Map<string, Promise<void>>();
/** Share of the words that are known, of the texts that were asked last. */
const known = new Map<string, number>();
const KNOWN_MAX = 100;

const spaces = (): Remote<OwnWorker> => (remote ??= wrap<OwnWorker>(new Worker(new URL('./own-worker.ts', import.meta.url), { type: 'module' })));

/** @param dataset the collection whose latent space it is */
export async function embedLatent(database: Database, dataset: string, id: string, texts: readonly string[], signal?: AbortSignal): Promise<Float32Array> {
  let loading = loaded.get(id);
  if (loading === undefined) {
    loading = readBytes(database, dataset).then((bytes) => spaces().loadSpace(id, bytes));
    loaded.set(id, loading);
    loading.catch(() => loaded.delete(id));
  }
  await loading;
  signal?.throwIfAborted();
  const answer = await spaces().embedBy(id, texts);
  signal?.throwIfAborted();
  if (known.size > KNOWN_MAX) known.clear();
  texts.forEach((text, i) => known.set(`${id} ${text}`, answer.known[i]));
  return answer.vectors;
}

/** Of a text that was embedded a moment ago, 0 to 1; of others 1. */
export const knownShare = (id: string, text: string): number => known.get(`${id} ${text}`) ?? 1;
