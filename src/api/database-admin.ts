/**
 * What a database can do besides opening collections. These are the bodies of the methods of `Database` of the same names, which have
 * the documentation; they are imported when the first is called.
 */
import type { DatabaseStats } from '../engine/client.ts';
import { checkName } from '../schema/define.ts';
import { isElanusError } from '../util/error.ts';
import { SIGNAL_ONLY, checkOptions, contextOf, type CallOptions } from './options.ts';
import { describe, type CollectionDescription, type Session } from './session.ts';

export async function hasCollection({ engine }: Session, name: string): Promise<boolean> {
  checkName('name', name);
  try {
    await engine.describeCollection({ name });
    return true;
  } catch (error) {
    if (isElanusError(error) && error.code === 'NOT_FOUND') return false;
    throw error;
  }
}

export async function listCollections({ engine }: Session): Promise<string[]> {
  return engine.listCollections({});
}

export async function describeCollection({ engine }: Session, name: string): Promise<CollectionDescription> {
  checkName('name', name);
  return describe(await engine.describeCollection({ name }));
}

export async function dropCollection({ engine }: Session, name: string, options?: CallOptions): Promise<void> {
  checkName('name', name);
  checkOptions(options, 'dropCollection', SIGNAL_ONLY);
  await engine.dropCollection({ name }, contextOf(options?.signal));
}

export async function stats({ engine }: Session): Promise<DatabaseStats> {
  return engine.databaseStats();
}
