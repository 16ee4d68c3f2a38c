/** The database for a write. Where one has failed, nobody knows what the browser kept: it is opened anew before the next. */
import { isElanusError } from 'elanus';
import type { Database } from 'elanus';
import { apply, databaseState } from '../../session/database.ts';

let failed: Database | null = null;

export function noteFailure(error: unknown): void {
  if (isElanusError(error) && ['QUOTA', 'STORAGE', 'POISONED'].includes(error.code)) failed = databaseState.get().database;
}

export async function writable(): Promise<Database> {
  const before = databaseState.get().database;
  if (before !== null && before === failed) await apply('retry');
  failed = null;
  const { database } = databaseState.get();
  if (database === null) throw new Error('The database is not open.');
  return database;
}
