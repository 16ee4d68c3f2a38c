/** The filter builder's text against what its tree means: random rows with hostile values, random trees, in three ways of writing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filterOf } from '../../src/filter.ts';
import { connect, defineSchema, isElanusError } from '../../src/node.ts';
import type { Collection, Database } from '../../src/node.ts';
import { checkedCode, plainCode, typedCode } from '../../web-demo/src/views/filter/code.ts';
import { pathText, placesIn, readPath, valueAt } from '../../web-demo/src/views/filter/places.ts';
import { indexOf, indexRequest, scalarIndexes, typesFor, usedPlaces } from '../../web-demo/src/views/filter/scalar-index.ts';
import { subjectsOf } from '../../web-demo/src/views/filter/subject.ts';
import type { Subject } from '../../web-demo/src/views/filter/subject.ts';
import { readTree, treeParam } from '../../web-demo/src/views/filter/tree-param.ts';
import { addTo, EMPTY, replaceAt } from '../../web-demo/src/views/filter/tree.ts';
import type { Condition, Group } from '../../web-demo/src/views/filter/tree.ts';
import { isLack, readCondition, writeTemplates, writeText } from '../../web-demo/src/views/filter/write.ts';
import { drawer, holds, rowsOf, SCHEMA, treeOf } from './filter-view-draw.ts';
import type { Row } from './filter-view-draw.ts';

const ROWS = 120;
const TREES = 150;
const SEEDS = Number(process.env.SEEDS ?? 3);
const first = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));

const condition = (field: string, operator: Condition['operator'], values: string[] = [], more: Partial<Condition> = {}): Condition => ({ kind: 'condition', field, path: [], as: 'text', operator, values, ...more });
const all = (...parts: Group['parts']): Group => ({ kind: 'group', join: 'all', parts });

describe('the text of the builder', () => {
  let database: Database;
  let collection: Collection;
  let subjects: readonly Subject[];

  beforeAll(async () => {
    database = await connect('memory:');
    collection = (await database.createCollection('docs', defineSchema(SCHEMA))) as unknown as Collection;
    subjects = subjectsOf((await collection.describe()).schema);
  });
  afterAll(() => database.close());

  const asked = async (options: { filter: string; filterParams?: object }): Promise<number[]> => (await collection.query({ ...options, outputFields: ['id'] } as never)).map((row) => (row as { id: number }).id);

  it('finds the rows that the tree means, also with templates and as typed code', { timeout: 120_000 }, async () => {
    let complete = 0;
    for (let seed = first; seed < first + SEEDS; seed++) {
      const draw = drawer(seed);
      await collection.truncate();
      const rows: Row[] = rowsOf(draw, ROWS);
      await collection.insert(rows as never);
      if (draw.chance(0.5)) await collection.flush();
      for (let i = 0; i < TREES; i++) {
        const tree = treeOf(draw, subjects, 3);
        const text = writeText(tree, subjects);
        if (text === '') continue;
        complete++;
        const expected = rows.filter((row) => holds(tree, row, subjects)).map(({ id }) => id as number);
        const label = `SEED=${seed} tree ${i}: ${text}`;
        expect(await asked({ filter: text }), label).toEqual(expected);
        expect(await asked(writeTemplates(tree, subjects) as never), `${label}, templates`).toEqual(expected);
        // What a link carries is the same tree.
        expect(writeText(readTree(treeParam(tree)), subjects), `${label}, from a link`).toBe(text);
        if (i % 10 === 0) {
          const code = `export default (f) => ${typedCode(tree, subjects)!};`;
          const { default: make } = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`)) as { default: (f: unknown) => { toOptions(): { filter: string } } };
          expect(await asked(make(filterOf(collection.schema)).toOptions()), `${label}, typed: ${code}`).toEqual(expected);
        }
      }
    }
    // Else the drawing would have become one that tests nothing.
    expect(complete).toBeGreaterThan((SEEDS * TREES) / 2);
  });

  it('knows the fields of a schema, and what each can be asked', () => {
    expect(subjects.map(({ field, kind }) => `${field}:${kind}`)).toEqual(['id:integer', 'name:text', 'count:integer', 'small:integer', 'price:number', 'sold:flag', 'tags:list', 'sizes:list', 'meta:json', '$meta:json']);
    const named = subjectsOf({ fields: SCHEMA_OF({ and: 'VarChar', label: 'Int8' }) } as never, [{ name: 'label', title: 'Class', kind: 'category', names: ['Coat'] }]);
    // The language takes no field of the name of one of its words.
    expect(named.map(({ field }) => field)).toEqual(['label']);
    expect(named[0].names).toEqual(['Coat']);
  });

  it('says what is missing or wrong, and leaves that out', () => {
    const lackOf = (each: Condition) => {
      const read = readCondition(each, subjects);
      return isLack(read) ? `${read.isMistake ? 'wrong' : 'missing'}: ${read.text}` : 'complete';
    };
    expect(lackOf(condition('price', 'lt', ['ten']))).toBe('wrong: Expected a number, got ten');
    expect(lackOf(condition('count', 'eq', ['1.5']))).toBe('wrong: Expected a whole number, got 1.5');
    expect(lackOf(condition('count', 'eq', ['9223372036854775808']))).toBe('wrong: Expected a whole number of 64 bits, got 9223372036854775808');
    expect(lackOf(condition('name', 'eq', ['']))).toBe('missing: Type a value');
    expect(lackOf(condition('name', 'in', []))).toBe('missing: Add a value');
    expect(lackOf(condition('price', 'between', ['2', '1']))).toBe('wrong: The first value is above the second');
    expect(lackOf(condition('name', 'between', ['\uffff', '😀']))).toBe('complete');
    expect(lackOf(condition('name', 'between', ['😀', '\uffff']))).toBe('wrong: The first value is above the second');
    expect(lackOf(condition('nothing', 'eq', ['1']))).toBe('wrong: This collection has no field nothing');
    expect(lackOf(condition('name', 'has', ['1']))).toBe('missing: Choose a condition');
    expect(lackOf(condition('$meta', 'eq', ['1']))).toBe('missing: Which key?');
    expect(writeText(all(condition('price', 'lt', ['ten']), condition('small', 'gt', ['1'])), subjects)).toBe('small > 1');
    expect(writeText(all(condition('price', 'lt', ['ten']), { ...EMPTY, join: 'none' }), subjects)).toBe('');
  });

  it('writes groups with parentheses where they are needed', () => {
    const a = condition('small', 'gt', ['1']);
    const b = condition('sold', 'true');
    const anyOf: Group = { kind: 'group', join: 'any', parts: [a, b] };
    expect(writeText(all(anyOf, b), subjects)).toBe('(small > 1 or sold == true) and sold == true');
    expect(writeText(all(all(a)), subjects)).toBe('small > 1');
    expect(writeText({ ...anyOf, join: 'none' }, subjects)).toBe('not (small > 1 or sold == true)');
    expect(writeText({ ...anyOf, join: 'some-not' }, subjects)).toBe('not (small > 1 and sold == true)');
    expect(writeText(all(condition('meta', 'eq', ['1'], { path: ['a "b"', 0], as: 'number' })), subjects)).toBe('meta["a \\"b\\""][0] == 1');
  });

  it('is edited part by part', () => {
    const a = condition('small', 'gt', ['1']);
    const b = condition('sold', 'true');
    let tree = addTo(EMPTY, [], a);
    tree = addTo(tree, [], { kind: 'group', join: 'any', parts: [] });
    tree = addTo(tree, [1], b);
    tree = addTo(tree, [1], a);
    expect(writeText(tree, subjects)).toBe('small > 1 and (sold == true or small > 1)');
    expect(writeText(replaceAt(tree, [1, 0], null), subjects)).toBe('small > 1 and small > 1');
    expect(writeText(replaceAt(tree, [1], b), subjects)).toBe('small > 1 and sold == true');
    expect(writeText(replaceAt(tree, [1, 1], { ...a, values: ['2'] }), subjects)).toBe('small > 1 and (sold == true or small > 2)');
    expect(replaceAt(tree, [], null)).toEqual(EMPTY);
  });

  it('takes nothing from a link that is no tree', () => {
    const deep = '["all",'.repeat(50) + ']'.repeat(50);
    for (const text of [null, '', 'x', '{}', '[]', '[1]', '["all",{"f":1,"o":"eq"}]', '["all",{"f":"a","o":"constructor"}]', '["all",{"f":"a","o":"eq","v":[1]}]', '["all",{"f":"a","o":"eq","p":[-1]}]', '["all",{"f":"a","o":"eq","a":"json"}]', deep, `["all","${'x'.repeat(30_000)}"]`]) {
      expect(readTree(text).parts, String(text).slice(0, 60)).toEqual([]);
    }
    expect(readTree(JSON.stringify(['all', ...Array.from({ length: 101 }, () => ({ f: 'a', o: 'null' }))])).parts).toEqual([]);
    expect(treeParam(EMPTY)).toBeNull();
  });

  it('is shown as code that runs', async () => {
    const tree = all(condition('name', 'eq', ['a "b"']), condition('count', 'ge', ['9007199254740993']), condition('tags', 'has-any', ['x', 'y']));
    const of = { collection: 'docs', tree, text: writeText(tree, subjects), subjects, near: null };
    expect(plainCode(of)).toContain('filter: "name == {v0} and count >= {v1} and array_contains_any(tags, {v2})",\n  filterParams: { v0: "a \\"b\\"", v1: 9007199254740993n, v2: ["x", "y"] },');
    expect(checkedCode(of)).toContain('f.and(f("name").eq("a \\"b\\""), f("count").ge(9007199254740993n), f("tags").containsAny(["x", "y"]))');
    expect(checkedCode({ ...of, tree: null })).toBeNull();
    expect(plainCode({ ...of, tree: null, near: { id: 7, field: 'vector' } })).toContain('docs.search({\n  filter: ');
    await expect(collection.count(of.text)).resolves.toBe(0);
  });

  it('finds places inside JSON, and writes and reads them as people type them', () => {
    expect(placesIn([null, { a: { b: 1, c: [true] }, d: 'x' }, { a: 'text', e: { f: { g: { h: 1 } } } }, 7])).toEqual([
      { path: ['a', 'b'], as: 'number', isList: false },
      { path: ['a', 'c'], as: 'flag', isList: true },
      { path: ['d'], as: 'text', isList: false },
      { path: ['a'], as: 'text', isList: false },
    ]);
    for (const path of [[], ['a'], ['a', 'b'], ['a', 0, 'b', 1, 2], [3], ['a b', 'é']]) expect(readPath(pathText(path)), pathText(path)).toEqual(path);
    expect(readPath('a.')).toEqual(['a', '']);
    expect(readPath('a[x]')).toEqual(['a[x]']);
    const row = { a: { b: [1, { c: 'x' }] } };
    expect([valueAt(row, ['a', 'b', 1, 'c']), valueAt(row, ['a', 'x', 'y']), valueAt(row, ['a', 'constructor'])]).toEqual(['x', undefined, undefined]);
  });

  it('asks for indexes that the library makes, and knows them again', { timeout: 60_000 }, async () => {
    const tree = all(
      ...subjects.filter(({ kind }) => kind !== 'json').map(({ field, kind }) => condition(field, kind === 'list' ? 'has' : 'null', ['1'])),
      condition('meta', 'eq', ['1'], { path: ['a', 'b c'], as: 'number' }),
      condition('meta', 'has', ['x'], { path: ['tags'] }),
      condition('$meta', 'true', [], { path: ['color'], as: 'flag' }),
      condition('$meta', 'eq', ['x'], { path: [] }),
    );
    const places = usedPlaces(tree, null, subjects);
    expect(places.map(({ text }) => text)).toEqual(['id', 'name', 'count', 'small', 'price', 'sold', 'tags', 'sizes', 'meta["a"]["b c"]', 'meta["tags"]', '$meta["color"]']);
    for (const place of places) {
      for (const type of typesFor(place, place.text === 'id')) {
        const { field, spec } = indexRequest(place, type);
        await collection.createIndex(field as never, spec as never);
        const made = indexOf(await scalarIndexes(collection), place);
        expect(made?.spec.type, `${place.text} ${type}`).toBe(type);
        await collection.dropIndex(made!.name);
        expect(indexOf(await scalarIndexes(collection), place)).toBeUndefined();
      }
    }
  });

  it('has the error of the language for what was written by hand', async () => {
    const error = await collection.count('name == "kite" and price < "ten"').catch((cause: unknown) => cause);
    expect(isElanusError(error) && error.detail).toMatchObject({ position: 27, line: 1, column: 28 });
  });
});

/** Fields as `describe` answers them. */
function SCHEMA_OF(types: Readonly<Record<string, string>>) {
  return Object.entries(types).map(([name, type], fieldId) => ({ fieldId, name, type, nullable: false, primaryKey: false, autoId: false }));
}
