/** What a browser says of the room that it gives this origin. */
import type { StoreEstimate } from './store.ts';

/** `measure`: bytes in use, for browsers that do not say. */
export async function estimateOrigin(measure: () => Promise<number>): Promise<StoreEstimate> {
  const storage = globalThis.navigator?.storage as Partial<StorageManager> | undefined;
  const persisted = (await storage?.persisted?.().catch(() => null)) ?? null;
  const found = await storage?.estimate?.().catch(() => undefined);
  if (found?.usage !== undefined) return { usage: found.usage, quota: found.quota ?? null, persisted };
  return { usage: await measure(), quota: null, persisted };
}
