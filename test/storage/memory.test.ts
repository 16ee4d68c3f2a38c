import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { storeSuite } from '../contract/store.ts';

storeSuite('memory store', () => {
  const medium = new MemoryMedium();
  return {
    open: async (options) => openMemoryStore({ ...options, medium }),
    remove: async () => medium.clear(),
  };
});
