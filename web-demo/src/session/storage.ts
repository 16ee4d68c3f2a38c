/** Where the sample is kept, and how it is thrown away. */

export const DATABASE = 'elanus-demo';

/** Null when the page may use IndexedDB, else why not. Sandboxed frames and some settings deny it by throwing. */
export async function whyNoIndexedDb(): Promise<string | null> {
  try {
    if (typeof indexedDB === 'undefined' || indexedDB === null) return 'this browser has no IndexedDB here';
    const probe = `${DATABASE}-probe`;
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.open(probe);
      request.onsuccess = () => {
        request.result.close();
        indexedDB.deleteDatabase(probe);
        resolve();
      };
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error('IndexedDB is blocked'));
    });
    return null;
  } catch (error) {
    return `this page may not use IndexedDB (${error instanceof Error ? error.message : String(error)})`;
  }
}

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('elanus-demo:erased');

/** Calls back when another tab erases what is stored: a database that is open here has ended, and is to be let go of. */
export function whenErasedElsewhere(callBack: () => void): void {
  channel?.addEventListener('message', callBack);
}

/** Deletes what this page stored, if it may store at all. Connections that are still open, in any tab, give way by themselves. */
export async function eraseStored(): Promise<void> {
  if ((await whyNoIndexedDb()) !== null) return;
  channel?.postMessage(null);
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(`elanus:${DATABASE}`);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });
}
