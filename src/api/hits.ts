/** Replies of the engine as the objects that users read. */
import type { GetReply, SearchReply } from '../engine/client.ts';
import type { Column, ColumnBatch } from '../schema/column.ts';
import { keyAt } from '../schema/keys.ts';
import type { HandlePlan, PlainEntity, PlainHit } from './field-code.ts';

/** Hits of the only query. */
export function toHits(reply: SearchReply, plan: HandlePlan): PlainHit[] {
  return hitsBetween(reply, plan, 0, reply.ends[0]);
}

/** Hits of every query. */
export function toHitLists(reply: SearchReply, plan: HandlePlan): PlainHit[][] {
  const lists = new Array<PlainHit[]>(reply.ends.length);
  for (let query = 0; query < lists.length; query++) {
    lists[query] = hitsBetween(reply, plan, query === 0 ? 0 : reply.ends[query - 1], reply.ends[query]);
  }
  return lists;
}

function hitsBetween(reply: SearchReply, plan: HandlePlan, from: number, to: number): PlainHit[] {
  const { scores, keys, entities } = reply;
  const { key } = plan;
  const hits = new Array<PlainHit>(to - from);
  for (let i = from; i < to; i++) hits[i - from] = { id: keyAt(keys, i, key), score: scores[i], entity: {} };
  if (entities !== null) {
    for (const column of entities.columns) {
      for (let i = from; i < to; i++) setValue(hits[i - from].entity as PlainEntity, plan, column, i);
    }
  }
  return hits;
}

/** Entities of the keys that were found, in the order of the keys. */
export function toFound(reply: GetReply, plan: HandlePlan): PlainEntity[] {
  const { found, entities } = reply;
  const out: PlainEntity[] = [];
  for (let i = 0; i < found.length; i++) if (found[i] >= 0) out.push(entityAt(entities, plan, found[i]));
  return out;
}

/** Entities of all rows, in their order. */
export function toEntities(entities: ColumnBatch, plan: HandlePlan): PlainEntity[] {
  return Array.from({ length: entities.rows }, (_, row) => entityAt(entities, plan, row));
}

function entityAt(entities: ColumnBatch, plan: HandlePlan, row: number): PlainEntity {
  const entity: PlainEntity = {};
  for (const column of entities.columns) setValue(entity, plan, column, row);
  return entity;
}

/** Plain assignment is safe: `__proto__` is no field name. */
function setValue(entity: PlainEntity, plan: HandlePlan, column: Column, row: number): void {
  const field = plan.byId.get(column.fieldId);
  if (field !== undefined) entity[field.name] = plan.code.valueAt(column, row, field);
}
