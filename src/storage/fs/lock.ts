/**
 * The writer's lock of a folder: a file `lock` that names its holder. It has no heartbeat; it is taken over when the
 * process that wrote it is gone, so that a reopen after `kill -9` succeeds at once.
 *
 * A lock file is born with its content (hard link of a finished temporary file: fails when the name is taken), so
 * nobody ever reads half a lock. Taking over a stale lock L is the delicate part: whoever saw L may act late, when
 * another has already replaced it. Hence the right to replace L is itself a lock, the guard `lock-<token of L>`, and
 * whoever gets it looks again whether `lock` still is L. Tokens are random and never return, so a late guard finds
 * that it is late. A guard whose own process died is replaced by the same rule, one level deeper. Thus:
 *
 *   1. `lock` is replaced only by the holder of the whole chain of guards from L to its own, each seen unchanged.
 *   2. Only a process that is gone is ever replaced.
 *   3. Guards are removed after `lock` was replaced, so that a guard made later finds another token in `lock`.
 */
import { link, open, readFile, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ElanusError } from '../../util/error.ts';
import { errnoOf, fsError } from './errors.ts';
import { livenessOf, ownIdentity, type ProcessIdentity } from './process.ts';

const LOCK_FILE = 'lock';

interface LockContent extends ProcessIdentity {
  /** Random; names this one holding. */
  readonly token: string;
}

export interface FolderLock {
  /** LOCKED when the lock is not ours any more: someone removed the file by hand. */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** LOCKED at once when another process has it; `detail.holder` says who. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const mine: LockContent = { ...ownIdentity(), token: crypto.randomUUID() };
  const path = join(folder, LOCK_FILE);
  const temporary = join(folder, 'tmp', `lock.${mine.token}`);
  try {
    await writeOnce(temporary, mine);
    try {
      // Every round but the last means that another process moved in between; it cannot go on for long.
      for (let round = 0; round < 100; round++) {
        if ((await createExclusive(temporary, path, mine)) || (await takeOver(folder, temporary, mine))) {
          await sweep(folder, mine.token);
          return new HeldLock(path, mine.token);
        }
      }
      throw new ElanusError('LOCKED', `"${folder}" is being locked and unlocked by others without end; try again`, { path: folder });
    } finally {
      await removeIfThere(temporary);
    }
  } catch (error) {
    throw fsError(error, 'lock', folder);
  }
}

class HeldLock implements FolderLock {
  readonly #path: string;
  readonly #token: string;
  #released = false;

  constructor(path: string, token: string) {
    this.#path = path;
    this.#token = token;
  }

  async check(): Promise<void> {
    const now = await readLock(this.#path);
    if (now?.token !== this.#token) {
      throw new ElanusError('LOCKED', `"${this.#path}" expected to be this process's lock, got ${now ? `that of process ${now.pid}` : 'none'}`, { holder: now ?? null });
    }
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    try {
      if ((await readLock(this.#path))?.token === this.#token) await unlink(this.#path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw fsError(error, 'release the lock', this.#path);
    }
  }
}

/** True: `lock` is ours now. False: something changed meanwhile, look again. LOCKED: the holder is alive. */
async function takeOver(folder: string, temporary: string, mine: LockContent): Promise<boolean> {
  /** From `lock` down to the deepest stale guard, with the token seen in each. */
  const chain: { path: string; token: string }[] = [];
  let path = join(folder, LOCK_FILE);
  for (;;) {
    const holder = await readLock(path);
    if (holder === null) return false;
    const liveness = livenessOf(holder);
    if (liveness !== 'gone') throw locked(folder, holder, liveness === 'unknown');
    chain.push({ path, token: holder.token });
    path = join(folder, `${LOCK_FILE}-${holder.token}`);
    if (await createExclusive(temporary, path, mine)) break;
  }
  for (const seen of chain) {
    if ((await readLock(seen.path))?.token !== seen.token) {
      await removeIfThere(path);
      return false;
    }
  }
  const replacement = `${temporary}.new`;
  await writeOnce(replacement, mine);
  await rename(replacement, chain[0].path);
  for (const guard of chain.slice(1)) await removeIfThere(guard.path);
  await removeIfThere(path);
  return true;
}

/**
 * What died with earlier writers: guards (of tokens that never return), half-written files, unused lock files. Only
 * the holder sweeps. Temporary lock files of processes that are alive belong to others trying at this moment.
 */
async function sweep(folder: string, token: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${LOCK_FILE}-`) && name !== `${LOCK_FILE}-${token}`) await removeIfThere(join(folder, name));
  }
  const temporaries = join(folder, 'tmp');
  for (const name of await readdir(temporaries)) {
    const path = join(temporaries, name);
    if (name.startsWith('lock.')) {
      const maker = parseLock(await readFile(path, 'utf8').catch(() => ''));
      if (maker === null || livenessOf(maker) !== 'gone') continue;
    }
    await removeIfThere(path);
  }
}

function locked(folder: string, holder: LockContent, isUnknown: boolean): ElanusError {
  const where = isUnknown ? ` on "${holder.host}", which cannot be seen from here; if it is gone for good, remove the file "${LOCK_FILE}"` : '';
  return new ElanusError('LOCKED', `"${folder}" is open for writing in process ${holder.pid}${where}`, { path: folder, holder: { ...holder } });
}

async function writeOnce(path: string, content: LockContent): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(JSON.stringify(content));
  } finally {
    await handle.close();
  }
}

/** Makes `path` with our content, whole, unless the name is taken. */
async function createExclusive(temporary: string, path: string, content: LockContent): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES', 'EMLINK', 'EINVAL'].includes(errnoOf(error) ?? '')) throw error;
  }
  // No hard links here (FAT, some phones and network shares): readers wait a moment for the content instead.
  try {
    await writeOnce(path, content);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The content of a lock file, or null when there is none. */
async function readLock(path: string): Promise<LockContent | null> {
  for (let attempt = 0; ; attempt++) {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
    const content = parseLock(text);
    if (content !== null) return content;
    if (attempt >= 20) throw new ElanusError('LOCKED', `"${path}" expected to name a process, got something else; if nobody has the database open, remove that file`, { path });
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function parseLock(text: string): LockContent | null {
  let value: Partial<Record<keyof LockContent, unknown>> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { pid, startTime, boot, pidNamespace, host, token } = value;
  const textOrNull = (field: unknown): string | null => (typeof field === 'string' ? field : null);
  // The token becomes part of a file name: it must be one that we made.
  if (!Number.isSafeInteger(pid) || (pid as number) <= 0 || typeof token !== 'string' || !/^[0-9a-f-]{36}$/.test(token)) return null;
  return { pid: pid as number, token, startTime: textOrNull(startTime), boot: textOrNull(boot), pidNamespace: textOrNull(pidNamespace), host: textOrNull(host) ?? '' };
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
