/** The engine's methods by name, for whoever carries them to another thread. */
import type { EngineMethod } from './engine/client.ts';

/** All of them: the compiler checks it. */
export const ENGINE_METHODS = Object.keys({
  createCollection: true,
  describeCollection: true,
  listCollections: true,
  dropCollection: true,
  insert: true,
  delete: true,
  search: true,
  get: true,
  count: true,
  flush: true,
  createIndex: true,
  dropIndex: true,
  describeIndex: true,
  indexProgress: true,
  collectionStats: true,
  databaseStats: true,
  close: true,
} satisfies Record<EngineMethod, true>) as readonly EngineMethod[];
