import { expect, test } from 'vitest';
import { formatJsonPath, parseJsonPath } from '../../src/scalar-index/json-path.ts';
import { completeScalarSpec } from '../../src/scalar-index/registry.ts';
import type { Field } from '../../src/schema/types.ts';
import { isElanusError } from '../../src/util/error.ts';
import { makeField } from './cases.ts';

const fields = {
  bool: makeField(1, 'bool', 'Bool'), int: makeField(2, 'int', 'Int64'), float: makeField(3, 'float', 'Float'), text: makeField(4, 'text', 'VarChar'),
  key: makeField(5, 'key', 'Int64', { primaryKey: true, nullable: false }), json: makeField(6, 'json', 'JSON'), meta: makeField(7, '$meta', 'JSON', { isDynamic: true }),
  ints: makeField(8, 'ints', 'Array', { elementType: 'Int32' }), doubles: makeField(9, 'doubles', 'Array', { elementType: 'Double' }),
};

function refusal(field: Field, type: string, params: Record<string, unknown> = {}): string {
  try {
    completeScalarSpec(field, { type, params });
  } catch (error) {
    if (!isElanusError(error)) throw error;
    expect(error.code).toBe('INVALID_ARGUMENT');
    return error.message;
  }
  return '';
}

test('which types have which index', () => {
  const allowed = (field: Field, params: Record<string, unknown> = {}): string =>
    ['INVERTED', 'BITMAP', 'STL_SORT', 'Trie', 'NGRAM', 'AUTOINDEX'].filter((type) => refusal(field, type, type === 'NGRAM' ? { ...params, min_gram: 2, max_gram: 3 } : params) === '').join(' ');
  expect(allowed(fields.bool)).toBe('INVERTED BITMAP AUTOINDEX');
  expect(allowed(fields.int)).toBe('INVERTED BITMAP STL_SORT AUTOINDEX');
  expect(allowed(fields.key)).toBe('INVERTED STL_SORT AUTOINDEX');
  expect(allowed(fields.float)).toBe('INVERTED STL_SORT AUTOINDEX');
  expect(allowed(fields.text)).toBe('INVERTED BITMAP STL_SORT Trie NGRAM AUTOINDEX');
  expect(allowed(fields.ints)).toBe('INVERTED BITMAP AUTOINDEX');
  expect(allowed(fields.doubles)).toBe('INVERTED AUTOINDEX');
  const path = (cast: string): string => allowed(fields.json, { json_path: 'json["a"]', json_cast_type: cast });
  expect(path('bool')).toBe('INVERTED BITMAP AUTOINDEX');
  expect(path('double')).toBe('INVERTED STL_SORT AUTOINDEX');
  expect(path('VARCHAR')).toBe('INVERTED BITMAP STL_SORT Trie NGRAM AUTOINDEX');
  expect(path('array_double')).toBe('INVERTED');
  expect(path('array_varchar')).toBe('INVERTED BITMAP');
});

test('a spec is completed, its names are any case', () => {
  expect(completeScalarSpec(fields.text, { type: 'TRIE' })).toEqual({ spec: { type: 'Trie', params: {} }, path: null });
  expect(completeScalarSpec(fields.text, { type: 'ngram', params: { min_gram: '2', max_gram: 4 } }).spec).toEqual({ type: 'NGRAM', params: { min_gram: 2, max_gram: 4 } });
  expect(completeScalarSpec(fields.meta, { type: 'INVERTED', params: { json_path: 'price', json_cast_type: 'DOUBLE', json_cast_function: 'string_to_double' } })).toEqual({
    spec: { type: 'INVERTED', params: { json_path: '$meta["price"]', json_cast_type: 'double', json_cast_function: 'STRING_TO_DOUBLE' } },
    path: ['price'],
  });
});

test('what does not fit is named', () => {
  expect(refusal(fields.text, 'HNSW')).toBe('"type" of an index of "text" expected one of INVERTED, BITMAP, STL_SORT, Trie, NGRAM, AUTOINDEX, got "HNSW"');
  expect(refusal(fields.key, 'BITMAP')).toMatch(/BITMAP: a primary key has as many values as rows/);
  expect(refusal(fields.float, 'BITMAP')).toBe('"type" of an index of "float" expected one of INVERTED, STL_SORT, AUTOINDEX (for Float), got BITMAP');
  expect(refusal(fields.text, 'NGRAM')).toBe('"min_gram" of an index of "text" expected an integer from 1 to 64, got nothing');
  expect(refusal(fields.text, 'NGRAM', { min_gram: 3, max_gram: 2 })).toBe('"max_gram" of an index of "text" expected an integer from 3 to 64, got 2');
  expect(refusal(fields.text, 'INVERTED', { nlist: 3 })).toBe('"params" of INVERTED on "text" expected none, got "nlist"');
  expect(refusal(fields.json, 'INVERTED')).toMatch(/"json_path" expected a path in the field "json"/);
  expect(refusal(fields.json, 'INVERTED', { json_path: 'json["a"]' })).toMatch(/"json_cast_type" .* expected one of bool, double, varchar, .*, got nothing/);
  expect(refusal(fields.json, 'INVERTED', { json_path: 'json["a"]', json_cast_type: 'double', json_cast_function: 'ROUND' })).toMatch(/expected STRING_TO_DOUBLE/);
  expect(refusal(fields.json, 'AUTOINDEX', { json_path: 'json["a"]', json_cast_type: 'array_bool' })).toMatch(/AUTOINDEX .*got array_bool/);
});

test('paths are read as filters write them', () => {
  expect(parseJsonPath('json["a"]["b"][0]', 'json', false)).toEqual(['a', 'b', 0]);
  expect(parseJsonPath(`json['it''s']`.replace(`''`, `\\'`), 'json', false)).toEqual([`it's`]);
  expect(parseJsonPath('json["q\\"\\u0041"]', 'json', false)).toEqual(['q"A']);
  expect(parseJsonPath('/a/b~1c/0', 'json', false)).toEqual(['a', 'b/c', 0]);
  expect(parseJsonPath('color["dark"]', '$meta', true)).toEqual(['color', 'dark']);
  expect(parseJsonPath('$meta["color"]', '$meta', true)).toEqual(['color']);
  expect(formatJsonPath('json', ['a"b', 0])).toBe('json["a\\"b"][0]');
  for (const wrong of ['', 'json', 'other["a"]', 'json[a]', 'json["a"', 'json[-1]', 'json["a"]x', 'json[01]', 7, 'x'.repeat(2_000)]) expect(() => parseJsonPath(wrong, 'json', false), String(wrong)).toThrow(/"json_path" expected/);
});
