/** The writer's lock as a Web Lock, which the browser gives back when its tab or worker dies. */
import { ElanusError } from '../../util/error.ts';
import type { StoreLock } from '../store.ts';

/** Databases locked in this thread: all there is where Web Locks are missing. */
const heldHere = new Set<string>();
let hasWarned = false;

/** LOCKED at once when another tab or worker holds it. */
export async function lockDatabase(name: string, warn: (message: string) => void): Promise<StoreLock> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  return locks ? webLock(locks, name) : threadLock(name, warn);
}

async function webLock(locks: LockManager, name: string): Promise<StoreLock> {
  const lockName = `elanus:${name}:writer`;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let ended: Promise<unknown> = Promise.resolve();
  const isGranted = await new Promise<boolean>((resolve, reject) => {
    ended = locks.request(lockName, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : released;
    });
    ended.catch((error: unknown) => reject(new ElanusError('STORAGE', `could not ask for the lock of "${name}"`, { database: name }, { cause: error })));
  });
  if (!isGranted) {
    const holder = (await locks.query().catch(() => undefined))?.held?.find((held) => held.name === lockName);
    throw locked(name, 'another tab or worker', { clientId: holder?.clientId ?? null });
  }
  return {
    release: async () => {
      release();
      await ended;
    },
  };
}

/** LOCKED when this thread holds it. Warns, once, that nothing more can be said here. */
export function threadLock(name: string, warn: (message: string) => void): StoreLock {
  if (heldHere.has(name)) throw locked(name, 'this thread', {});
  if (!hasWarned) {
    hasWarned = true;
    warn('elanus: this page has no Web Locks (it is not a secure context: serve it over https or from localhost), so nothing keeps two tabs from writing at once; use one tab only');
  }
  heldHere.add(name);
  let isReleased = false;
  return {
    release: async () => {
      if (!isReleased) heldHere.delete(name);
      isReleased = true;
    },
  };
}

const locked = (name: string, holder: string, detail: Record<string, unknown>): ElanusError =>
  new ElanusError('LOCKED', `"${name}" is open for writing in ${holder}: close it there first`, { database: name, holder, ...detail });
