/** Rows as their cards need them, read in batches and kept while the map is shown. */
import { useEffect, useState } from 'preact/hooks';
import type { Entity } from '../../collections/dataset.ts';
import { foreground } from '../../session/foreground.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import type { Id } from '../../session/rows.ts';

const KEPT = 600;

export class Entities {
  readonly #open: OpenCollection;
  readonly #known = new Map<Id, Entity>();

  constructor(open: OpenCollection) {
    this.#open = open;
  }

  known(id: Id): Entity | undefined {
    return this.#known.get(id);
  }

  /** Reads those that are not known. */
  async load(ids: readonly Id[]): Promise<void> {
    const missing = ids.filter((id) => !this.#known.has(id));
    if (missing.length === 0) return;
    const { collection, dataset } = this.#open;
    const found = (await foreground(() => collection.get(missing, { outputFields: [...new Set([dataset.key, ...dataset.cardFields])] }))) as Entity[];
    for (const entity of found) this.#known.set(entity[dataset.key] as Id, entity);
    // The oldest go.
    for (const id of this.#known.keys()) {
      if (this.#known.size <= KEPT) break;
      if (!ids.includes(id)) this.#known.delete(id);
    }
  }
}

/** Renders again when the rows are there. @param delay ms to wait first: a pointer passes many points on its way */
export function useEntities(entities: Entities, ids: readonly Id[], delay = 0): void {
  const [, setLoaded] = useState(0);
  const wanted = ids.join(' ');
  useEffect(() => {
    if (ids.every((id) => entities.known(id) !== undefined)) return;
    let current = true;
    const timer = setTimeout(() => {
      entities.load(ids).then(
        () => current && setLoaded((count) => count + 1),
        (error: unknown) => console.warn('elanus demo:', error),
      );
    }, delay);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [entities, wanted]);
}
