/**
 * Runs a language model off the page's thread. The page's content security policy lets the page itself run no script of another host; a worker has the policy that its own
 * file is delivered with, which on a static host is none, so that only this worker can fetch the library. It is started when a visitor asks for a model.
 */
import { expose, transfer } from 'comlink';

/** A version, not a range: what runs is what was looked at. */
const LIBRARY = 'https://cdn.jsdelivr.net/npm/@huggingface/transformers@4.3.1/dist/transformers.min.js';

/** What is used of transformers.js. */
interface Library {
  pipeline(task: 'feature-extraction', repository: string, options: { dtype: 'q8'; device: 'wasm'; progress_callback: (event: ProgressEvent) => void }): Promise<Extractor>;
}
type Extractor = (texts: readonly string[], options: { pooling: 'mean'; normalize: boolean }) => Promise<{ readonly data: ArrayLike<number>; readonly dims: readonly number[] }>;
interface ProgressEvent {
  readonly status: string;
  readonly file?: string;
  readonly loaded?: number;
}

let extractor: Extractor | null = null;

const model = {
  /** @param onLoaded is told how many bytes have arrived */
  async load(repository: string, onLoaded: (bytes: number) => void): Promise<void> {
    const { pipeline } = (await import(/* @vite-ignore */ LIBRARY)) as Library;
    const loaded = new Map<string, number>();
    extractor = await pipeline('feature-extraction', repository, {
      dtype: 'q8',
      device: 'wasm',
      progress_callback: (event) => {
        if (event.status !== 'progress' || event.file === undefined || event.loaded === undefined) return;
        loaded.set(event.file, event.loaded);
        onLoaded([...loaded.values()].reduce((sum, bytes) => sum + bytes, 0));
      },
    });
  },

  /** Unit vectors as one matrix of shape (texts, dim). */
  async embed(texts: readonly string[], dim: number): Promise<Float32Array> {
    if (extractor === null) throw new Error('the model is not loaded');
    const { data, dims } = await extractor(texts, { pooling: 'mean', normalize: true });
    if (data.length !== texts.length * dim) throw new Error(`the model answered a matrix of ${dims.join(' x ')}, expected ${texts.length} x ${dim}`);
    const vectors = Float32Array.from(data);
    return transfer(vectors, [vectors.buffer]);
  },
};

export type ModelWorker = typeof model;

expose(model);
