/** The visitor's own collections: which there are, whole and not, told to the page when its database is opened and whenever one is made, changed or deleted in any tab. */
import type { Database } from 'elanus';
import { forgetCollection, refreshStats, whenOpened } from '../../session/database.ts';
import { createStore } from '../../util/store.ts';
import type { Dataset } from '../dataset.ts';
import { setOwn } from '../registry.ts';
import { ownDataset, registerEmbedder } from './dataset.ts';
import type { Description } from './description.ts';
import { encodeDescription } from './description.ts';
import { forget, readDescriptions } from './kept.ts';
import { registerModels } from './running-models.ts';

export const own = createStore<{ readonly whole: readonly Description[]; readonly unfinished: readonly Description[] }>({ whole: [], unfinished: [] });

/** By what is written of it, so that a collection that stays as it is stays open. */
let shown = new Map<string, { readonly text: string; readonly description: Description; readonly dataset: Dataset }>();
let current: Database | null = null;

/** To be called once, before the page is started. */
export function prepareOwn(): void {
  registerModels();
  followOtherTabs();
  whenOpened(async (database) => {
    current = database;
    shown = new Map();
    own.set({ whole: [], unfinished: [] });
    setOwn([]);
    try {
      await readOwn(database);
    } catch (error) {
      // The shipped collections are there all the same.
      console.warn('elanus demo:', error);
    }
  });
}

/** A tab that hears of a change may be a moment behind the one that made it. */
const BEHIND_MS = 1_500;

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('elanus-demo:own');

/** To be called when a collection was made or deleted. */
export function tellOtherTabs(): void {
  channel?.postMessage(null);
}

function followOtherTabs(): void {
  const look = (): void => {
    if (current !== null) readOwn(current).catch((error: unknown) => console.warn('elanus demo:', error));
  };
  channel?.addEventListener('message', () => {
    look();
    setTimeout(look, BEHIND_MS);
  });
}

/** Looks what is kept, and shows it. */
export async function readOwn(database: Database): Promise<void> {
  const descriptions = await readDescriptions(database);
  if (current !== database) return;
  const next: typeof shown = new Map();
  const whole: Description[] = [];
  for (const description of descriptions) {
    if (description.state !== 'whole') continue;
    const text = encodeDescription(description);
    const before = shown.get(description.id);
    const entry = before?.text === text ? before : { text, description, dataset: ownDataset(database, description) };
    next.set(description.id, entry);
    whole.push(entry.description);
    registerEmbedder(database, description);
  }
  for (const id of shown.keys()) if (!next.has(id)) forgetCollection(id);
  shown = next;
  own.set({ whole, unfinished: descriptions.filter(({ state }) => state === 'making') });
  setOwn([...next.values()].map(({ dataset }) => dataset));
}

/** Deletes a collection and what is kept of it. */
export async function removeOwn(database: Database, id: string): Promise<void> {
  // The description last: what is left when this is interrupted can be removed again.
  if (await database.hasCollection(id)) await database.dropCollection(id);
  forgetCollection(id);
  await forget(database, id);
  await readOwn(database);
  tellOtherTabs();
  void refreshStats();
}
