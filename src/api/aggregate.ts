/** Queries whose `outputFields` are counts, sums, means and extremes, of all rows or in groups. */
import type { AggregateReply, AggregateRequest } from '../engine/client.ts';
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import type { SchemaPlan } from '../schema/plan.ts';
import type { Field, FieldType } from '../schema/types.ts';
import { namedField } from './named-field.ts';
import { orderTerms } from './order-by.ts';

type Aggregate = AggregateRequest['aggregates'][number];

/** What is asked for, beside the rows that it is of. */
export type AggregatePlan = Pick<AggregateRequest, 'groupByIds' | 'aggregates' | 'order'> & { readonly columns: readonly AnswerColumn[] };

interface AnswerColumn {
  readonly name: string;
  /** What the engine's value is to the user. */
  present(value: AggregateReply[number][number]): unknown;
}

const CALL = /^(count|sum|avg|min|max)\((.*)\)$/;
const INTEGERS: readonly FieldType[] = ['Int8', 'Int16', 'Int32', 'Int64'];
const NUMBERS: ReadonlySet<FieldType> = new Set([...INTEGERS, 'Float', 'Double']);
const EXTREMES: ReadonlySet<FieldType> = new Set([...NUMBERS, 'VarChar']);
const COUNTED: ReadonlySet<FieldType> = new Set([...EXTREMES, 'Bool', 'JSON', 'Array']);
const GROUPED: ReadonlySet<FieldType> = new Set([...INTEGERS, 'Bool', 'VarChar']);

/** null: rows are asked for. INVALID_ARGUMENT for fields that cannot be grouped by, or made that of. */
export function aggregatePlan(plan: SchemaPlan, { groupBy, outputFields, orderBy }: { readonly groupBy?: unknown; readonly outputFields?: unknown; readonly orderBy?: unknown }): AggregatePlan | null {
  if (groupBy === undefined && !(Array.isArray(outputFields) && outputFields.some((name) => typeof name === 'string' && CALL.test(name)))) return null;
  const groups = groupFields(plan, groupBy);
  const columns: AnswerColumn[] = groups.map((field) => ({ name: field.name, present: (value) => presentInteger(field.name, field, value) }));
  const aggregates: Aggregate[] = [];
  if (outputFields !== undefined && !Array.isArray(outputFields)) refuse('outputFields', NO_ROW, 'an array of fields of groupBy, and of what is made of the others, such as "count(*)"', show(outputFields));
  for (const name of new Set<unknown>(outputFields ?? [])) {
    if (groups.some((field) => field.name === name)) continue;
    const call = typeof name === 'string' ? CALL.exec(name) : null;
    if (!call) refuse('outputFields', NO_ROW, `fields of groupBy (${groups.map((field) => field.name).join(', ') || 'none'}), or what is made of others, such as "count(*)" or "max(${plan.key.name})"`, show(name));
    const { aggregate, field } = toAggregate(plan, call[1] as Aggregate['name'], call[2]);
    aggregates.push(aggregate);
    columns.push({ name: call[0], present: (value) => presentAggregate(call[0], aggregate.name, field, value) });
  }
  return { groupByIds: groups.map(({ fieldId }) => fieldId), aggregates, columns, order: orderBy === undefined ? undefined : columnOrder(columns, orderBy) };
}

function groupFields(plan: SchemaPlan, groupBy: unknown): Field[] {
  const names = new Set<unknown>(Array.isArray(groupBy) ? groupBy : groupBy === undefined ? [] : [groupBy]);
  if (Array.isArray(groupBy) && names.size < groupBy.length) refuse('groupBy', NO_ROW, 'each field once', 'one twice');
  return Array.from(names, (name) => namedField(plan, 'groupBy', name, GROUPED, 'that rows can be grouped by'));
}

function toAggregate(plan: SchemaPlan, name: Aggregate['name'], of: string): { readonly aggregate: Aggregate; readonly field: Field | null } {
  if (name === 'count' && of === '*') return { aggregate: { name, fieldId: null }, field: null };
  const types = name === 'count' ? COUNTED : name === 'min' || name === 'max' ? EXTREMES : NUMBERS;
  const field = namedField(plan, 'outputFields', of, types, `that there is a ${name} of`);
  return { aggregate: { name, fieldId: field.fieldId }, field };
}

function columnOrder(columns: readonly AnswerColumn[], orderBy: unknown): AggregateRequest['order'] {
  return orderTerms(orderBy).map(({ name, isDescending }) => {
    const column = columns.findIndex((known) => known.name === name);
    if (column < 0) refuse('orderBy', NO_ROW, `what is answered (${columns.map((known) => known.name).join(', ')})`, show(name));
    return { column, isDescending };
  });
}

function presentAggregate(name: string, call: Aggregate['name'], field: Field | null, value: unknown): unknown {
  if (call === 'sum' && typeof value === 'bigint' && field!.type !== 'Int64') return exactNumber(name, value);
  return field ? presentInteger(name, field, value) : value;
}

/** A bigint by the field's `as`. */
function presentInteger(name: string, field: Field, value: unknown): unknown {
  if (typeof value !== 'bigint' || field.as === undefined) return value;
  return field.as === 'string' ? String(value) : exactNumber(name, value);
}

function exactNumber(name: string, value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) refuse(name, NO_ROW, 'an integer that a number holds exactly, up to 2^53 - 1', String(value));
  return number;
}

export function toAggregated({ columns }: AggregatePlan, reply: AggregateReply): Record<string, unknown>[] {
  return reply.map((values) => Object.fromEntries(columns.map(({ name, present }, i) => [name, present(values[i])])));
}
