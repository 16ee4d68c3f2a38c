/** What a repair could not save, in words and numbers. */

export interface Loss {
  /** What it is of: a collection, a snapshot of one, or the database. */
  readonly of: string;
  readonly file: string;
  readonly message: string;
  /** Rows that are lost; null where nobody knows. */
  readonly rows: number | null;
  /** Keys of lost rows as far as they are known, 64-bit ones as text; at most KEYS_MAX. */
  readonly keys: readonly string[];
}

const KEYS_MAX = 10_000;

export class Losses {
  readonly list: Loss[] = [];
  readonly notices: string[] = [];

  notice(message: string): void {
    if (!this.notices.includes(message)) this.notices.push(message);
  }

  rows(of: string, file: string, rows: number, keys: readonly (bigint | string)[], why: string): void {
    if (rows > 0) this.list.push({ of, file, rows, keys: keys.slice(0, KEYS_MAX).map(String), message: `${rows} ${rows === 1 ? 'row is' : 'rows are'} lost: ${why}` });
  }

  /** Values of a field that may be null, and are now. */
  values(of: string, file: string, field: string, count: number): void {
    this.list.push({ of, file, rows: 0, keys: [], message: `${count} ${count === 1 ? 'value' : 'values'} of field "${field}" ${count === 1 ? 'is' : 'are'} lost and now null` });
  }

  deletes(of: string, file: string, count: number): void {
    this.list.push({ of, file, rows: 0, keys: [], message: `${count} ${count === 1 ? 'delete is' : 'deletes are'} lost: as many rows that were deleted may be back` });
  }

  log(of: string, file: string, message: string): void {
    this.list.push({ of, file, rows: null, keys: [], message });
  }

  manifest(why: string): void {
    this.list.push({
      of: 'the database',
      file: 'root',
      rows: null,
      keys: [],
      message: `${why}; collections are put together again from their files and logs. Lost are snapshots, collections that were restored from one and still share its files, indexes of segments, collections and partitions without rows; rows that had been deleted, and collections that had been dropped, may be back; collections may have an older name`,
    });
  }
}
