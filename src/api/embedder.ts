/** What makes vectors of texts. Functions of the caller's thread: they never cross to the engine's. */

/**
 * Makes a vector of each text, in their order: an array of n vectors, or one flat matrix of shape (n, dim). Finite 32-bit floats. It is called with 1 to 128
 * texts, none of them twice; a text may be empty. `signal`: of the call that waits for it, which ends when it fires, whatever becomes of the promise.
 */
export type Embedder = (texts: readonly string[], options: { readonly signal?: AbortSignal }) => Promise<readonly Float32Array[] | Float32Array>;

/** By the id of their model, which a schema names: an object, or a Map, which is asked whenever one is needed, so that more can be put into it later. */
export type Embedders = Readonly<Record<string, Embedder>> | ReadonlyMap<string, Embedder>;
