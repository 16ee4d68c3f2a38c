/** Entities with the keys of their dynamic field in its place. */
import type { SchemaPlan } from '../schema/plan.ts';
import type { PlainEntity, PlainHit } from './field-code.ts';


/**
 * The entities as they are read: of the keys in `$meta` those that were asked for by name, or with `'*'`, `'$meta'` or no `outputFields`
 * all of them. A field wins over a key of its name, and a key that a row has not is left out.
 */
export function withKeys(plan: SchemaPlan, entities: PlainEntity[], outputFields: unknown): PlainEntity[] {
  const { byName, dynamic } = plan;
  if (dynamic === undefined) return entities;
  const isAsked = asked(outputFields, dynamic.name);
  return entities.map((entity) => {
    const { [dynamic.name]: meta, ...fields } = entity;
    if (meta === undefined) return entity;
    const keys = Object.entries(meta as PlainEntity).filter(([key]) => !byName.has(key) && isAsked(key));
    // Not by assignment: a key `__proto__`, whoever wrote it, is data.
    return Object.fromEntries([...Object.entries(fields), ...keys]);
  });
}

/** The same of the entities of hits, or of lists of hits. */
export function withKeysOfHits(plan: SchemaPlan, hits: readonly unknown[], outputFields: unknown): readonly unknown[] {
  if (plan.dynamic === undefined || outputFields === undefined) return hits;
  return (hits as readonly (PlainHit | readonly PlainHit[])[]).map((hit) => ('entity' in hit ? { ...hit, entity: withKeys(plan, [hit.entity], outputFields)[0] } : withKeysOfHits(plan, hit, outputFields)));
}

function asked(outputFields: unknown, meta: string): (key: string) => boolean {
  if (!Array.isArray(outputFields) || outputFields.includes('*') || outputFields.includes(meta)) return () => true;
  const names = new Set<unknown>(outputFields);
  return (key) => names.has(key);
}
