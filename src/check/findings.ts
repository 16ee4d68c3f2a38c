/** What a check found, in the order in which it looked. */
import type { ErrorCode } from '../util/error.ts';
import { isElanusError } from '../util/error.ts';

/**
 * `damage`: something is lost, or an answer may be wrong. `garbage`: a file that nothing names, removed at the next open for
 * writing. `notice`: neither, but worth knowing.
 */
export type Severity = 'damage' | 'garbage' | 'notice';

export interface Finding {
  readonly severity: Severity;
  readonly code: ErrorCode;
  readonly message: string;
  /** File or log that it is about, or `root`. */
  readonly file: string | null;
  readonly collection: string | null;
}

/** What a finding is about. */
export interface Place {
  readonly file: string | null;
  readonly collection: string | null;
}

export class Findings {
  readonly list: Finding[] = [];
  /** Files some blocks of which are known to be damaged: that reading these fails is no news. */
  readonly #withBadBlocks = new Set<string>();

  add(severity: Severity, code: ErrorCode, message: string, { file, collection }: Place): void {
    this.list.push({ severity, code, message, file, collection });
  }

  damage(message: string, place: Place): void {
    this.add('damage', 'CORRUPT', message, place);
  }

  /** One finding for all damaged blocks of a file. */
  damagedBlocks(blocks: readonly number[], place: Place & { readonly file: string }): void {
    this.#withBadBlocks.add(place.file);
    this.damage(`"${place.file}" has ${blocks.length === 1 ? 'a block' : `${blocks.length} blocks`} of 64 KiB whose checksum does not match: ${ranges(blocks)}`, place);
  }

  hasDamagedBlocks(file: string): boolean {
    return this.#withBadBlocks.has(file);
  }

  /** Does something that damage may make impossible; null where it did. */
  async attempt<T>(place: Place, work: () => T | Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.#failed(error, place);
      return null;
    }
  }

  #failed(error: unknown, place: Place): void {
    if (!isElanusError(error)) {
      // Not expected of any input; but whoever checks a database is to hear of all the rest, too.
      this.add('damage', 'INTERNAL', `${place.file === null ? '' : `"${place.file}" `}could not be read: ${String(error)}`, place);
      return;
    }
    if (error.code === 'ABORTED' || error.code === 'CLOSED') throw error;
    if ((error.detail['block'] ?? error.detail['from']) !== undefined && place.file !== null && this.#withBadBlocks.has(place.file)) return;
    this.add('damage', error.code, error.message, place);
  }

  get isDamaged(): boolean {
    return this.list.some(({ severity }) => severity === 'damage');
  }
}

/** `3-7, 9` */
export function ranges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; ) {
    let end = i;
    while (numbers[end + 1] === numbers[end]! + 1) end++;
    parts.push(end === i ? `${numbers[i]}` : `${numbers[i]}-${numbers[end]}`);
    i = end + 1;
  }
  return parts.length > 20 ? `${parts.slice(0, 20).join(', ')}, …` : parts.join(', ');
}
