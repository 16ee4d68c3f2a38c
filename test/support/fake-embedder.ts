/** A small embedder without a model: words are hashed into `dim` places. Equal texts have equal vectors, texts with words in common close ones. */
import type { Embedder } from '../../src/api/embedder.ts';

/** The vector of a text, as the embedder of `salt` and `dim` makes it. Never zero. */
export function hashedWords(text: string, dim: number, salt = 0): Float32Array {
  const out = new Float32Array(dim);
  out[0] = 0.125;
  for (const word of text.toLowerCase().split(/\W+/)) {
    if (word === '') continue;
    let hash = 2_166_136_261 + salt;
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 16_777_619);
    out[(hash >>> 8) % dim]! += (hash & 1) === 0 ? 1 : 0.5;
  }
  return out;
}

export interface FakeEmbedder {
  readonly embed: Embedder;
  /** The texts of each call so far. */
  readonly calls: (readonly string[])[];
}

/** `isFlat`: it answers one matrix, else a list. */
export function fakeEmbedder(dim: number, { salt = 0, isFlat = false } = {}): FakeEmbedder {
  const calls: (readonly string[])[] = [];
  return {
    calls,
    async embed(texts) {
      calls.push([...texts]);
      await Promise.resolve();
      const vectors = texts.map((text) => hashedWords(text, dim, salt));
      if (!isFlat) return vectors;
      const flat = new Float32Array(texts.length * dim);
      vectors.forEach((vector, i) => flat.set(vector, i * dim));
      return flat;
    },
  };
}
