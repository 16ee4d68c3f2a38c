import { PACKAGES } from '../../../sample/packages.mjs';
import type { TextEmbedder } from '../dataset.ts';
import { packageSpace } from './package-space.ts';

/** Texts whose share of known words is remembered. */
const REMEMBERED = 200;

export async function loadText(): Promise<TextEmbedder> {
  const space = await packageSpace();
  const known = new Map<string, number>();
  return {
    about: `latent space, ${PACKAGES.dim} dimensions`,
    async embed(text, signal) {
      const { vector, knows } = await space.embed(text);
      signal.throwIfAborted();
      if (known.size >= REMEMBERED) known.clear();
      known.set(text, knows);
      return vector;
    },
    // All, until it was embedded: who asks before has nothing to say of it.
    knows: (text) => known.get(text.trim()) ?? 1,
    examples: ['edit photos', 'recover deleted files', 'learn to type', 'play chess', 'monitor network traffic', 'watch videos from youtube'],
  };
}
