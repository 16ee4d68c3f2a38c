/** Logs in IndexedDB: one record per append, in order of a number that the transaction finds. */
import { joinBytes } from '../../util/bytes.ts';
import { checkName } from '../refusals.ts';
import type { StoreLogs } from '../store.ts';
import type { IdbConnection } from './connection.ts';
import { recordsOf } from './schema.ts';

/** A longer append becomes several records of one transaction: browsers limit the size of a value. */
const RECORD_BYTES_MAX = 8 * 1024 * 1024;

export class IdbLogs implements StoreLogs {
  readonly #connection: IdbConnection;

  constructor(connection: IdbConnection) {
    this.#connection = connection;
  }

  async append(name: string, bytes: Uint8Array, durable = false): Promise<void> {
    this.#connection.checkWritable();
    checkName(name);
    // The value is cloned with its whole buffer: a view must become a buffer of its own.
    const records: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += RECORD_BYTES_MAX) records.push(bytes.slice(at, at + RECORD_BYTES_MAX));
    if (records.length === 0) records.push(new Uint8Array(0));
    await this.#connection.write('write the log', ['logs'], durable ? 'strict' : 'relaxed', async (transaction) => {
      const logs = transaction.objectStore('logs');
      // Transactions that write one store run one after another, across tabs too: the number cannot be taken twice.
      const last = await logs.openKeyCursor(recordsOf(name), 'prev');
      const next = last ? last.key[1] + 1 : 0;
      await Promise.all(records.map((record, i) => logs.add(record, [name, next + i])));
    });
  }

  async sync(name: string): Promise<void> {
    this.#connection.checkWritable();
    checkName(name);
    // A transaction that writes nothing may not be flushed, so this one counts.
    await this.#connection.write('make the log durable', ['meta', 'logs'], 'strict', async (transaction) => {
      const meta = transaction.objectStore('meta');
      const count = await meta.get('sync');
      await meta.put(typeof count === 'number' ? count + 1 : 1, 'sync');
    });
  }

  async read(name: string): Promise<Uint8Array> {
    this.#connection.checkOpen();
    checkName(name);
    const records = await this.#connection.run('read the log', (db) => db.getAll('logs', recordsOf(name)));
    return joinBytes(records);
  }

  async drop(name: string): Promise<void> {
    this.#connection.checkWritable();
    checkName(name);
    await this.#connection.write('remove the log', ['logs'], 'strict', (transaction) => transaction.objectStore('logs').delete(recordsOf(name)));
  }

  async list(): Promise<string[]> {
    return this.#connection.run('list the logs', async (db) => {
      const names: string[] = [];
      let cursor = await db.transaction('logs').store.openKeyCursor();
      while (cursor) {
        const [name] = cursor.key;
        names.push(name);
        // Over all the records of that log at once.
        cursor = await cursor.continue([name, []] as never);
      }
      return names;
    });
  }
}
