/** In the worker: latent spaces of the visitor's collections. Reading one takes a moment, and so do many texts. */
import { transfer } from 'comlink';
import { loadLatentSpace } from 'elanus';
import type { LatentSpace } from 'elanus';

const spaces = new Map<string, LatentSpace>();

export const latent = {
  async loadSpace(id: string, bytes: Uint8Array): Promise<void> {
    spaces.set(id, await loadLatentSpace(bytes));
  },

  /** Shape (texts, dim), and which share of the words is known of each text. */
  async embedBy(id: string, texts: readonly string[]): Promise<{ readonly vectors: Float32Array; readonly known: readonly number[] }> {
    const space = spaces.get(id);
    if (space === undefined) throw new Error(`the latent space ${id} is not loaded`);
    const vectors = await space.embedder(texts);
    return transfer({ vectors, known: texts.map((text) => space.knows(text)) }, [vectors.buffer]);
  },
};
