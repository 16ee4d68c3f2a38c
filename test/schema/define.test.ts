import { describe, expect, it } from 'vitest';
import { defineSchema, isSameSchema, toSchema } from '../../src/schema/define.ts';
import { shownSchema } from '../../src/api/session.ts';
import { checkSameSchema, schemaDifferences } from '../../src/schema/differences.ts';
import { codeOf } from '../support/refusals.ts';

const id = { type: 'Int64', primaryKey: true } as const;
const v = { type: 'FloatVector', dim: 4 } as const;
/** What a JavaScript user may write, whatever the compiler thinks of it. */
const define = (fields: unknown, rest: object = {}) => defineSchema({ fields, ...rest } as never);

describe('defineSchema', () => {
  it('numbers the fields by position and completes them', () => {
    const schema = defineSchema({
      description: 'birds',
      fields: {
        id: { type: 'Int64', primaryKey: true, autoId: true },
        name: { type: 'VarChar', maxLength: 64 },
        seen: { type: 'Int64', as: 'number' },
        v: { type: 'FloatVector', dim: 8, index: { type: 'hnsw', metric: 'l2', params: { M: 16 } } },
      },
    });
    expect(schema).toEqual({
      version: 1,
      description: 'birds',
      fields: [
        { fieldId: 0, name: 'id', type: 'Int64', primaryKey: true, autoId: true, nullable: false },
        { fieldId: 1, name: 'name', type: 'VarChar', primaryKey: false, autoId: false, nullable: false, maxLength: 64 },
        { fieldId: 2, name: 'seen', type: 'Int64', primaryKey: false, autoId: false, nullable: false, as: 'number' },
        { fieldId: 3, name: 'v', type: 'FloatVector', primaryKey: false, autoId: false, nullable: false, dim: 8, index: { type: 'HNSW', metric: 'L2', params: { M: 16 } } },
      ],
    });
    expect(structuredClone(schema)).toEqual(schema);
    expect(Object.isFrozen(schema.fields[0])).toBe(true);
  });

  it('gives an index without a metric COSINE', () => {
    expect(define({ id, v: { ...v, index: { type: 'FLAT' } } }).fields[1].index).toEqual({ type: 'FLAT', metric: 'COSINE', params: {} });
  });

  it.each([
    ['no fields', undefined],
    ['an array of fields that have no names', [1]],
    ['an empty object', {}],
    ['a field that is no object', { id, v: 'FloatVector' }],
    ['a name that starts with a digit', { id, v, '1st': { type: 'Bool' } }],
    ['a name with a dash', { id, v, 'a-b': { type: 'Bool' } }],
    ['an empty name', { id, v, '': { type: 'Bool' } }],
    ['a name of 256 characters', { id, v, ['n'.repeat(256)]: { type: 'Bool' } }],
    ['the name __proto__', { id, v, ['__proto__']: { type: 'Bool' } }],
    ['65 fields', { id, v, ...Object.fromEntries(Array.from({ length: 63 }, (_, i) => [`f${i}`, { type: 'Bool' }])) }],
    ['no primary key', { v, id: { type: 'Int64' } }],
    ['two primary keys', { id, v, other: id }],
    ['a primary key of Double', { v, id: { type: 'Double', primaryKey: true } }],
    ['a primary key that says yes', { v, id: { type: 'Int64', primaryKey: 'yes' } }],
    ['autoId without a primary key', { id, v, n: { type: 'Int64', autoId: true } }],
    ['a VarChar without maxLength', { id, v, s: { type: 'VarChar' } }],
    ['a VarChar of 0', { id, v, s: { type: 'VarChar', maxLength: 0 } }],
    ['a VarChar of 65,536', { id, v, s: { type: 'VarChar', maxLength: 65_536 } }],
    ['a VarChar of 1.5', { id, v, s: { type: 'VarChar', maxLength: 1.5 } }],
    ['a vector without dim', { id, v: { type: 'FloatVector' } }],
    ['a vector of 1', { id, v: { type: 'FloatVector', dim: 1 } }],
    ['a vector of 32,769', { id, v: { type: 'FloatVector', dim: 32_769 } }],
    ['a vector of "4"', { id, v: { type: 'FloatVector', dim: '4' } }],
    ['no vector', { id }],
    ['five vectors', { id, a: v, b: v, c: v, d: v, e: v }],
    ['an unknown type', { id, v, s: { type: 'String' } }],
    ['a type named like a method', { id, v, s: { type: 'constructor' } }],
    ['an unknown option', { id, v, s: { type: 'Bool', maxLength: 3 } }],
    ['an option in Milvus’s spelling', { id, v, s: { type: 'VarChar', max_length: 3 } }],
    ['as of a Bool', { id, v, s: { type: 'Bool', as: 'number' } }],
    ['as: "float"', { id, v, s: { type: 'Int64', as: 'float' } }],
    ['an unknown metric', { id, v: { ...v, index: { type: 'FLAT', metric: 'HAMMING' } } }],
    ['an index without type', { id, v: { ...v, index: { metric: 'L2' } } }],
    ['an index with an unknown option', { id, v: { ...v, index: { type: 'FLAT', M: 16 } } }],
    ['an index param that is an object', { id, v: { ...v, index: { type: 'HNSW', params: { M: {} } } } }],
    ['an Array without elementType', { id, v, a: { type: 'Array', maxCapacity: 4 } }],
    ['an Array of JSON', { id, v, a: { type: 'Array', elementType: 'JSON', maxCapacity: 4 } }],
    ['an Array of arrays', { id, v, a: { type: 'Array', elementType: 'Array', maxCapacity: 4 } }],
    ['an Array of vectors', { id, v, a: { type: 'Array', elementType: 'FloatVector', maxCapacity: 4 } }],
    ['an Array of a type named like a method', { id, v, a: { type: 'Array', elementType: 'constructor', maxCapacity: 4 } }],
    ['an Array without maxCapacity', { id, v, a: { type: 'Array', elementType: 'Int8' } }],
    ['an Array of no capacity', { id, v, a: { type: 'Array', elementType: 'Int8', maxCapacity: 0 } }],
    ['an Array of 4,097', { id, v, a: { type: 'Array', elementType: 'Int8', maxCapacity: 4_097 } }],
    ['an Array of VarChar without maxLength', { id, v, a: { type: 'Array', elementType: 'VarChar', maxCapacity: 4 } }],
    ['an Array of numbers with maxLength', { id, v, a: { type: 'Array', elementType: 'Int8', maxCapacity: 4, maxLength: 3 } }],
    ['an Array with a default', { id, v, a: { type: 'Array', elementType: 'Int8', maxCapacity: 4, defaultValue: [] } }],
    ['an Array that is the key', { v, a: { type: 'Array', elementType: 'Int64', maxCapacity: 4, primaryKey: true } }],
    ['an Array as partition key', { id, v, a: { type: 'Array', elementType: 'Int64', maxCapacity: 4, partitionKey: true } }],
    ['elements of a scalar', { id, v, a: { type: 'Int8', elementType: 'Int64' } }],
    ['a field of the hidden field’s name', { id, v, $meta: { type: 'JSON' } }],
    ['an index param that is NaN', { id, v: { ...v, index: { type: 'HNSW', params: { M: NaN } } } }],
  ])('refuses %s', (_, fields) => {
    expect(codeOf(() => define(fields))).toBe('INVALID_ARGUMENT');
  });

  it.each([
    ['nullable', { id, v: { ...v, nullable: true } }],
    ['auto ids of VarChar', { v, p: { type: 'VarChar', maxLength: 36, primaryKey: true, autoId: true } }],
  ])('says that %s is not there yet', (_, fields) => {
    expect(codeOf(() => define(fields))).toBe('NOT_SUPPORTED');
  });

  it('takes Arrays', () => {
    const { fields } = define({ id, v, a: { type: 'Array', elementType: 'VarChar', maxCapacity: 4_096, maxLength: 3, nullable: true }, b: { type: 'Array', elementType: 'Bool', maxCapacity: 1 } });
    expect(fields[2]).toEqual({ fieldId: 2, name: 'a', type: 'Array', primaryKey: false, autoId: false, nullable: true, elementType: 'VarChar', maxCapacity: 4_096, maxLength: 3 });
    expect(fields[3]).toEqual({ fieldId: 3, name: 'b', type: 'Array', primaryKey: false, autoId: false, nullable: false, elementType: 'Bool', maxCapacity: 1 });
  });

  it('has a hidden field behind the others where keys of their own are allowed', () => {
    const { fields } = define({ id, v }, { dynamicField: true });
    expect(fields.map(({ name }) => name)).toEqual(['id', 'v', '$meta']);
    expect(fields[2]).toEqual({ fieldId: 2, name: '$meta', type: 'JSON', primaryKey: false, autoId: false, nullable: false, defaultValue: '{}', isDynamic: true });
    const many = Object.fromEntries(Array.from({ length: 62 }, (_, i) => [`f${i}`, { type: 'Bool' }]));
    expect(define({ id, v, ...many }, { dynamicField: true }).fields).toHaveLength(65);
    expect(codeOf(() => define({ id, v }, { dynamicField: 'yes' }))).toBe('INVALID_ARGUMENT');
  });

  it('refuses options that a schema has not, and takes an explicit false', () => {
    expect(define({ id, v: { ...v, nullable: false } }, { dynamicField: false }).fields).toHaveLength(2);
    expect(codeOf(() => define({ id, v }, { dynamic: true }))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => define({ id, v }, { description: 3 }))).toBe('INVALID_ARGUMENT');
  });

  it('takes names that objects inherit', () => {
    const schema = define({ id, v, constructor: { type: 'Bool' }, toString: { type: 'Int8' } });
    expect(schema.fields.map((field) => field.name)).toEqual(['id', 'v', 'constructor', 'toString']);
  });
});

describe('toSchema', () => {
  it('takes a defined schema, its clone and the written form alike', () => {
    const written = { fields: { id: { ...id, autoId: true }, s: { type: 'VarChar', maxLength: 3 }, v: { ...v, index: { type: 'FLAT', metric: 'IP' } } } } as const;
    const schema = defineSchema(written);
    expect(toSchema(schema)).toEqual(schema);
    expect(toSchema(structuredClone(schema))).toEqual(schema);
    expect(toSchema(written)).toEqual(schema);
    const open = defineSchema({ ...written, dynamicField: true });
    expect(toSchema(open)).toEqual(open);
    expect(toSchema(shownSchema(open))).toEqual(open);
    expect(shownSchema(open)).toEqual({ ...schema, dynamicField: true });
    expect(shownSchema(schema)).toBe(schema);
  });

  it('checks a clone afresh', () => {
    const schema = structuredClone(define({ id, v })) as unknown as { fields: Record<string, unknown>[] };
    schema.fields[1].dim = 0;
    expect(codeOf(() => toSchema(schema))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => toSchema({ fields: [{ name: 'a', type: 'Bool' }, { name: 'a', type: 'Bool' }] }))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => toSchema(null))).toBe('INVALID_ARGUMENT');
  });
});

describe('schemaDifferences', () => {
  const stored = define({ id, v, s: { type: 'VarChar', maxLength: 3 } });

  it('looks at names and types, not at order, indexes or versions', () => {
    const other = define({ s: { type: 'VarChar', maxLength: 3 }, v: { ...v, index: { type: 'FLAT' } }, id });
    expect(schemaDifferences(stored, other)).toEqual([]);
    expect(isSameSchema(stored, other)).toBe(true);
  });

  it('compares what arrays hold, and whether keys of their own are allowed', () => {
    const a = define({ id, v, a: { type: 'Array', elementType: 'Int8', maxCapacity: 4 } });
    const b = define({ id, v, a: { type: 'Array', elementType: 'Int16', maxCapacity: 5 } }, { dynamicField: true });
    expect(schemaDifferences(a, b)).toEqual(['"a": elementType "Int8" stored, "Int16" given', '"a": maxCapacity 4 stored, 5 given', 'dynamicField: false stored, true given']);
    expect(isSameSchema(a, b)).toBe(false);
    expect(schemaDifferences(b, define({ id, v, a: { type: 'Array', elementType: 'Int16', maxCapacity: 5 } }))).toEqual(['dynamicField: true stored, false given']);
  });

  it('names every difference', () => {
    const given = define({ id, v: { ...v, dim: 5 }, t: { type: 'Bool' } });
    expect(schemaDifferences(stored, given)).toEqual(['"v": dim 4 stored, 5 given', '"s": stored, not given', '"t": given, not stored']);
    expect(isSameSchema(stored, given)).toBe(false);
    expect(codeOf(() => checkSameSchema('c', stored, given))).toBe('SCHEMA_MISMATCH');
  });
});
