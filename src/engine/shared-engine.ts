/** An engine of one tab of several, as its client sees it: who does what a method asks for, and what has to be looked at before. */
import { ElanusError } from '../util/error.ts';
import type { CallContext, EngineClient, EngineMethod } from './client.ts';
import type { Tabs } from './tabs.ts';

/**
 * - `read`: here, of what this tab has applied, or has looked for, by the consistency that was asked for;
 * - `newest`: here, at the newest manifest;
 * - `holder`: by the tab that maintains the database, because it changes the manifest;
 * - `here`: by this tab as it is.
 */
const WHERE: Readonly<Record<EngineMethod, 'read' | 'newest' | 'holder' | 'here'>> = {
  createDatabase: 'holder',
  listDatabases: 'newest',
  dropDatabase: 'holder',
  createCollection: 'holder',
  describeCollection: 'newest',
  listCollections: 'newest',
  renameCollection: 'holder',
  dropCollection: 'holder',
  truncateCollection: 'holder',
  createAlias: 'holder',
  alterAlias: 'holder',
  dropAlias: 'holder',
  listAliases: 'newest',
  addField: 'holder',
  reembed: 'holder',
  createPartition: 'holder',
  dropPartition: 'holder',
  listPartitions: 'newest',
  now: 'here',
  alterCollection: 'holder',
  createSnapshot: 'holder',
  listSnapshots: 'newest',
  describeSnapshot: 'newest',
  openSnapshot: 'newest',
  restoreSnapshot: 'holder',
  dropSnapshot: 'holder',
  insert: 'here',
  upsert: 'here',
  delete: 'here',
  watch: 'here',
  purge: 'holder',
  search: 'read',
  explain: 'read',
  get: 'read',
  count: 'read',
  query: 'read',
  aggregate: 'read',
  holdMoment: 'holder',
  releaseMoment: 'holder',
  flush: 'holder',
  load: 'here',
  release: 'here',
  loadState: 'here',
  compact: 'holder',
  createIndex: 'holder',
  dropIndex: 'holder',
  describeIndex: 'newest',
  indexProgress: 'newest',
  createScalarIndex: 'holder',
  dropScalarIndex: 'holder',
  scalarIndexes: 'newest',
  collectionStats: 'here',
  databaseStats: 'here',
  close: 'here',
};

type Method = (request: never, context?: never) => unknown;

/** Does what another tab has asked of the holder, which this is. */
export async function performAsked(engine: EngineClient, method: string, request: unknown, context: CallContext): Promise<unknown> {
  if (!Object.hasOwn(WHERE, method) || WHERE[method as EngineMethod] !== 'holder') throw new ElanusError('NOT_SUPPORTED', 'another tab asked for what this version of the library does not know: reload all tabs', { method: method.slice(0, 64) });
  return (engine[method as EngineMethod] as Method).call(engine, request as never, context as never);
}

export function shareEngine(engine: EngineClient, tabs: Tabs, readOnly: boolean): EngineClient {
  const methods: Record<string, Method> = {};
  for (const [name, where] of Object.entries(WHERE) as [EngineMethod, (typeof WHERE)[EngineMethod]][]) {
    const here = (engine[name] as Method).bind(engine);
    if (where === 'here' || (where === 'holder' && readOnly)) methods[name] = here;
    else if (where === 'holder') {
      // A snapshot's number is known to the tab that has opened it.
      methods[name] = (request, context) => ((request as { readonly collectionId?: number }).collectionId ?? 0) < 0 ? here(request, context) : tabs.holder.run(name, request, context);
    }
    else if (where === 'newest') methods[name] = async (request, context) => (await tabs.refresh(), here(request, context));
    else {
      methods[name] = (request, context) => {
        const { collectionId, consistency, at } = request as Parameters<EngineClient['search']>[0];
        // A read of the past says the same in all tabs.
        const looked = tabs.look(collectionId, consistency ?? (at === undefined ? 'Session' : 'Strong'));
        return looked ? looked.then(() => here(request, context)) : here(request, context);
      };
    }
  }
  return methods as unknown as EngineClient;
}
