/**
 * What makes vectors of texts, by the id of the model that a schema names. The database asks here whenever it needs one, so collections that are found
 * after it was opened add theirs.
 */
import type { Embedder } from 'elanus';

export const embedders = new Map<string, Embedder>();
