/**
 * `filter/*`: what a filter takes to be evaluated over the columns of one segment, against a plain loop over the vectors of
 * apache-arrow and against SQLite with the same rows in memory.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { random } from './datasets.mjs';
import { cpuMs, median, number, ratio } from './lib/measure.mjs';
import { compileKernel, importSource } from './lib/source.mjs';
import { REPOSITORY } from './lib/setup.mjs';

const SOURCE = `
export { compileFilter } from '../src/filter/compile.ts';
export { evaluate } from '../src/filter/evaluate.ts';
`;

/** @type {Record<string, string>} */
const TYPES = { b: 'Bool', i8: 'Int8', i16: 'Int16', i32: 'Int32', n32: 'Int32', i64: 'Int64', f: 'Float', d: 'Double', tag: 'VarChar', name: 'VarChar', list: 'Array', j: 'JSON' };
/** @type {Record<string, (values: any[]) => ArrayLike<number | bigint>>} */
const ARRAYS = {
  Int8: (values) => Int8Array.from(values),
  Int16: (values) => Int16Array.from(values),
  Int32: (values) => Int32Array.from(values),
  Int64: (values) => BigInt64Array.from(values),
  Float: (values) => Float32Array.from(values),
  Double: (values) => Float64Array.from(values),
};

/** A schema in the engine's form and its columns. @param {any[]} rows */
function makeColumns(rows) {
  const fields = Object.entries(TYPES).map(([name, type], fieldId) => ({
    ...{ fieldId, name, type, primaryKey: false, autoId: false, nullable: name === 'n32' },
    ...(type === 'Array' ? { elementType: 'Int32', maxCapacity: 8 } : {}),
  }));
  /** Of fields that the rows do not have there is none. */
  const columns = fields.map(({ fieldId, name, type }) => (name in rows[0] ? makeColumn(fieldId, type, rows.map((row) => row[name])) : null));
  return { schema: { version: 1, fields }, columns: /** @type {any[]} */ (columns) };
}

/** @param {number} fieldId @param {string} type @param {any[]} values @returns {any} */
function makeColumn(fieldId, type, values) {
  const column = { fieldId, type, length: values.length, dim: 1, validity: values.includes(null) ? bitmap(values, (value) => value !== null) : null, offsets: null };
  if (type === 'Bool') return { ...column, values: bitmap(values, (value) => value) };
  if (type in ARRAYS) return { ...column, values: ARRAYS[type](values.map((value) => value ?? 0)) };
  if (type === 'Array') return { ...column, values: new Uint8Array(0), offsets: offsets(values.map((value) => value.length)), elements: makeColumn(fieldId, 'Int32', values.flat()) };
  const texts = values.map((value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
  return { ...column, values: new Uint8Array(Buffer.concat(texts)), offsets: offsets(texts.map((text) => text.length)) };
}

/** @param {any[]} values @param {(value: any) => boolean} isSet */
function bitmap(values, isSet) {
  const bits = new Uint8Array((values.length + 7) >> 3);
  values.forEach((value, i) => isSet(value) && (bits[i >> 3] |= 1 << (i & 7)));
  return bits;
}

/** @param {number[]} lengths */
function offsets(lengths) {
  const ends = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => (ends[i + 1] = ends[i] + length));
  return ends;
}

const WORDS = ['amber', 'basalt', 'cobalt', 'dune', 'ember', 'fjord', 'garnet', 'heron', 'iris', 'jasper', 'kelp', 'lichen', 'moss', 'nacre', 'opal', 'pyrite'];

/**
 * Columns of values: whole numbers of [0, 1,000,000) but for narrower types, so that a bound of 100,000 lets a tenth through.
 * @param {number} rows
 */
function makeRows(rows) {
  const uniform = random(1);
  const below = (/** @type {number} */ n) => Math.floor(uniform() * n);
  const word = () => WORDS[below(WORDS.length)];
  return Array.from({ length: rows }, () => ({
    b: uniform() < 0.5,
    i8: below(200) - 100,
    i16: below(60_000) - 30_000,
    i32: below(1e6),
    n32: uniform() < 0.1 ? null : below(1e6),
    i64: BigInt(below(1e6)) * 1_000_003n,
    f: below(1e6),
    d: uniform() * 1e6,
    tag: `tag-${below(1000)}`,
    name: `${word()} ${word()} ${below(1000)} ${word()}`,
    list: Array.from({ length: below(6) }, () => below(1000)),
    j: { kind: word(), a: below(1e6), inner: { tags: [word(), word()], score: uniform() } },
  }));
}

/** @param {number} n @param {number} step @param {number} [of] */
const spread = (n, step, of = 1e6) => Array.from({ length: n }, (_, i) => (i * step) % of);
const quotedList = (/** @type {readonly string[]} */ values) => values.map((value) => `'${value}'`).join(', ');
const TAGS = Array.from({ length: 20 }, (_, i) => `tag-${i * 37}`);
const FEW = spread(10, 97_003);
const MANY = spread(1000, 7919);

/**
 * `test`: of the loop over vectors, whose values come by name. `sql`: where it is written in another way; null: not at all.
 * @type {{ what: string, filter: string, test: (get: Record<string, (row: number) => any>) => (row: number) => boolean, sql?: string | null }[]}
 */
const CASES = [
  { what: 'Bool ==', filter: 'b == true', test: ({ b }) => (row) => b(row) === true, sql: 'b = 1' },
  { what: 'Int8 ==', filter: 'i8 == 7', test: ({ i8 }) => (row) => i8(row) === 7 },
  { what: 'Int16 <, 10 %', filter: 'i16 < -24000', test: ({ i16 }) => (row) => i16(row) < -24000 },
  { what: 'Int32 <, 0.1 %', filter: 'i32 < 1000', test: ({ i32 }) => (row) => i32(row) < 1000 },
  { what: 'Int32 <, 10 %', filter: 'i32 < 100000', test: ({ i32 }) => (row) => i32(row) < 100_000 },
  { what: 'Int32 <, 50 %', filter: 'i32 < 500000', test: ({ i32 }) => (row) => i32(row) < 500_000 },
  { what: 'Int32 <, 50 %, a tenth NULL', filter: 'n32 < 500000', test: ({ n32 }) => (row) => n32(row) !== null && n32(row) < 500_000 },
  { what: 'Int32 range, 10 %', filter: '200000 <= i32 < 300000', test: ({ i32 }) => (row) => 200_000 <= i32(row) && i32(row) < 300_000, sql: 'i32 >= 200000 and i32 < 300000' },
  { what: 'Int32 in 10', filter: `i32 in [${FEW}]`, test: ({ i32 }) => { const set = new Set(FEW); return (row) => set.has(i32(row)); }, sql: `i32 in (${FEW})` },
  { what: 'Int32 in 1,000', filter: `i32 in [${MANY}]`, test: ({ i32 }) => { const set = new Set(MANY); return (row) => set.has(i32(row)); }, sql: `i32 in (${MANY})` },
  { what: 'Int64 <, 10 %', filter: 'i64 < 100000300000', test: ({ i64 }) => (row) => i64(row) < 100_000_300_000n },
  { what: 'Int64 ==', filter: 'i64 == 123456370368', test: ({ i64 }) => (row) => i64(row) === 123_456_370_368n },
  { what: 'Int64 in 1,000', filter: `i64 in [${MANY.map((n) => n * 1_000_003)}]`, test: ({ i64 }) => { const set = new Set(MANY.map((n) => BigInt(n) * 1_000_003n)); return (row) => set.has(i64(row)); }, sql: `i64 in (${MANY.map((n) => n * 1_000_003)})` },
  { what: 'Float <, 10 %', filter: 'f < 100000.0', test: ({ f }) => (row) => f(row) < 100_000 },
  { what: 'Double range, 10 %', filter: '200000.0 <= d < 300000.0', test: ({ d }) => (row) => 200_000 <= d(row) && d(row) < 300_000, sql: 'd >= 200000 and d < 300000' },
  { what: 'Double <, 50 %', filter: 'd < 500000.0', test: ({ d }) => (row) => d(row) < 500_000 },
  { what: 'VarChar ==, 0.1 %', filter: "tag == 'tag-123'", test: ({ tag }) => (row) => tag(row) === 'tag-123' },
  { what: 'VarChar in 20, 2 %', filter: `tag in [${quotedList(TAGS)}]`, test: ({ tag }) => { const set = new Set(TAGS); return (row) => set.has(tag(row)); }, sql: `tag in (${quotedList(TAGS)})` },
  { what: 'VarChar <, 44 %', filter: "name < 'heron'", test: ({ name }) => (row) => name(row) < 'heron' },
  { what: "VarChar like 'opal%', 6 %", filter: "name like 'opal%'", test: ({ name }) => (row) => name(row).startsWith('opal'), sql: "name glob 'opal*'" },
  { what: "VarChar like '%opal%', 18 %", filter: "name like '%opal%'", test: ({ name }) => (row) => name(row).includes('opal'), sql: "name glob '*opal*'" },
  { what: 'VarChar =~ "opal [0-9]+", 6 %', filter: 'name =~ "opal [0-9]+"', test: ({ name }) => (row) => /opal [0-9]+/.test(name(row)), sql: "name glob '*opal [0-9]*'" },
  { what: 'two Int32, 5 %', filter: 'i32 < 100000 and n32 < 500000', test: ({ i32, n32 }) => (row) => i32(row) < 100_000 && n32(row) !== null && n32(row) < 500_000 },
  { what: 'Int32 and like, 0.2 %', filter: "i32 < 10000 and name like '%opal%'", test: ({ i32, name }) => (row) => i32(row) < 10_000 && name(row).includes('opal'), sql: "i32 < 10000 and name glob '*opal*'" },
  { what: 'Int32 or Double, 19 %', filter: 'i32 < 100000 or d < 100000.0', test: ({ i32, d }) => (row) => i32(row) < 100_000 || d(row) < 100_000 },
  { what: 'Int32 + Int16 <', filter: 'i32 + i16 < 100000', test: ({ i32, i16 }) => (row) => i32(row) + i16(row) < 100_000 },
  { what: 'Int32 < Double', filter: 'i32 < d', test: ({ i32, d }) => (row) => i32(row) < d(row) },
  { what: 'array_contains, 0.2 %', filter: 'array_contains(list, 77)', test: ({ list }) => (row) => { for (const value of list(row)) if (value === 77) return true; return false; }, sql: null },
  { what: 'array_length ==', filter: 'array_length(list) == 3', test: ({ list }) => (row) => list(row).length === 3, sql: null },
  { what: 'element ==', filter: 'list[1] == 77', test: ({ list }) => (row) => list(row).get(1) === 77, sql: null },
  { what: 'JSON number <, 10 %', filter: "j['a'] < 100000", test: ({ j }) => (row) => JSON.parse(j(row)).a < 100_000, sql: "j ->> '$.a' < 100000" },
  { what: 'JSON text ==, 6 %', filter: "j['kind'] == 'opal'", test: ({ j }) => (row) => JSON.parse(j(row)).kind === 'opal', sql: "j ->> '$.kind' = 'opal'" },
  { what: 'JSON inside <, 10 %', filter: "j['inner']['score'] < 0.1", test: ({ j }) => (row) => JSON.parse(j(row)).inner.score < 0.1, sql: "j ->> '$.inner.score' < 0.1" },
];

/** The same rows in SQLite's memory; a word why not where it is not installed. @param {any[]} rows */
function openSqlite(rows) {
  let Database;
  try {
    Database = createRequire(join(REPOSITORY, 'bench', 'compare', 'package.json'))('better-sqlite3');
  } catch {
    return 'SQLite was left out: better-sqlite3 is not installed (npm run bench:compare installs it).';
  }
  const db = new Database(':memory:');
  const names = ['id', 'b', 'i8', 'i16', 'i32', 'n32', 'i64', 'f', 'd', 'tag', 'name', 'j'];
  db.exec(`create table t (id integer primary key, b integer, i8 integer, i16 integer, i32 integer, n32 integer, i64 integer, f real, d real, tag text, name text, j text)`);
  const insert = db.prepare(`insert into t values (${names.map(() => '?').join(', ')})`);
  db.transaction(() => {
    rows.forEach((row, i) => insert.run(i, Number(row.b), row.i8, row.i16, row.i32, row.n32, row.i64, row.f, row.d, row.tag, row.name, JSON.stringify(row.j)));
  })();
  return db;
}

/** @param {Uint32Array} bits */
function countBits(bits) {
  let count = 0;
  for (let w = 0; w < bits.length; w++) {
    let word = bits[w];
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}

/**
 * The median in milliseconds of processor time, of at least three calls and 150 ms. The compiler has its turn before: calls that are
 * over in a moment are made for 50 ms first.
 * @param {() => number} run @param {number} expected rows
 */
function timed(run, expected) {
  const call = () => {
    const start = cpuMs();
    const count = run();
    if (count !== expected) throw new Error(`${count} rows, expected ${expected}`);
    return cpuMs() - start;
  };
  for (let spent = 0; spent < 50; ) spent += call();
  const durations = [];
  for (let spent = 0; durations.length < 3 || spent < 150; ) durations.push(call()), (spent += durations[durations.length - 1]);
  return median(durations);
}

/** @type {import('./run.mjs').Bench} */
const evaluation = {
  name: 'filter/evaluate',
  about:
    'One filter over all rows of one segment, compiled before, to a bitset: million rows a second, and how many times as fast as a loop over apache-arrow vectors (`get(i)`, JSON.parse for JSON) and as SQLite\'s `count(*)` over a table in memory, without and with an index on each column. All count the same rows.',
  needsDist: false,
  async run({ quick }) {
    const { compileFilter, evaluate } = await importSource('filter', SOURCE);
    const { vectorFromArray, makeVector, Int32, List, Field, Utf8, Bool } = await import('apache-arrow');
    const rows = makeRows(quick ? 100_000 : 1_000_000);
    const { schema, columns } = makeColumns(rows);
    const source = { rows: rows.length, column: (/** @type {any} */ field) => columns[field.fieldId], known: () => null };
    /** @type {Record<string, any>} */
    const vectors = {
      b: vectorFromArray(rows.map((row) => row.b), new Bool()),
      n32: vectorFromArray(rows.map((row) => row.n32), new Int32()),
      tag: vectorFromArray(rows.map((row) => row.tag), new Utf8()),
      name: vectorFromArray(rows.map((row) => row.name), new Utf8()),
      j: vectorFromArray(rows.map((row) => JSON.stringify(row.j)), new Utf8()),
      list: vectorFromArray(rows.map((row) => row.list), new List(new Field('item', new Int32(), false))),
    };
    for (const name of ['i8', 'i16', 'i32', 'i64', 'f', 'd']) vectors[name] = makeVector(columns[Object.keys(TYPES).indexOf(name)].values);
    const sqlite = openSqlite(rows);
    const hasSqlite = typeof sqlite !== 'string';
    const sqlMs = (/** @type {string} */ where, /** @type {number} */ expected) => {
      const select = hasSqlite ? sqlite.prepare(`select count(*) as n from t where ${where}`) : null;
      return select === null ? null : timed(() => select.get().n, expected);
    };

    const measured = CASES.map(({ what, filter, test, sql = filter }) => {
      const { predicate } = compileFilter(filter, undefined, schema);
      const expected = countBits(evaluate(predicate, source).isTrue);
      const ours = timed(() => countBits(evaluate(predicate, source).isTrue), expected);
      const get = Object.fromEntries(Object.entries(vectors).map(([name, vector]) => [name, (/** @type {number} */ row) => vector.get(row)]));
      const passes = test(get);
      const loop = timed(() => {
        let count = 0;
        for (let row = 0; row < rows.length; row++) if (passes(row)) count++;
        return count;
      }, expected);
      return { what, filter, sql, expected, ours, loop, scanned: sql === null ? null : sqlMs(sql, expected), indexed: /** @type {number | null} */ (null) };
    });
    if (hasSqlite) {
      for (const name of ['i8', 'i16', 'i32', 'n32', 'i64', 'f', 'd', 'b', 'tag', 'name']) sqlite.exec(`create index by_${name} on t (${name})`);
      sqlite.exec('analyze');
      for (const each of measured) if (each.sql !== null) each.indexed = sqlMs(each.sql, each.expected);
      sqlite.close();
    }
    return {
      head: ['filter', 'rows', 'ms', 'M rows/s', 'x arrow loop', 'x SQLite', 'x SQLite, index'],
      rows: measured.map(({ what, expected, ours, loop, scanned, indexed }) => [
        what,
        expected.toLocaleString('en'),
        number(ours),
        number(rows.length / ours / 1000),
        ratio(loop / ours),
        ratio(scanned && scanned / ours),
        ratio(indexed && indexed / ours),
      ]),
      figures: measured,
      notes: [`${rows.length.toLocaleString('en')} rows.`, ...(hasSqlite ? [] : [sqlite])],
    };
  },
};

/** @type {import('./run.mjs').Bench} */
const kernel = {
  name: 'filter/kernel',
  about: 'A comparison with a constant, as the engine evaluates it and by SIMD WebAssembly: from a column that is in its memory already, and with each block copied there first. The same bits.',
  needsDist: false,
  async run({ quick }) {
    const { compileFilter, evaluate } = await importSource('filter', SOURCE);
    const wasm = await compileKernel('below.as.ts');
    const count = quick ? 131_072 : 1_048_576;
    const uniform = random(1);
    const rows = Array.from({ length: count }, () => ({ i32: Math.floor(uniform() * 1e6), d: uniform() * 1e6 }));
    const { schema, columns } = makeColumns(rows);
    const source = { rows: count, column: (/** @type {any} */ field) => columns[field.fieldId], known: () => null };
    const table = [];
    for (const [name, filter, call] of /** @type {const} */ ([['i32', 'i32 < 500000', 'belowI32'], ['d', 'd < 500000.0', 'belowF64']])) {
      const { predicate } = compileFilter(filter, undefined, schema);
      const { values } = columns[Object.keys(TYPES).indexOf(name)];
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const base = 65536;
      const memory = new WebAssembly.Memory({ initial: Math.ceil((base + bytes.length + count / 8) / 65536) });
      const { instance } = await WebAssembly.instantiate(/** @type {BufferSource} */ (wasm), { env: { memory, abort() {} } });
      const below = /** @type {(ptr: number, rows: number, bound: number, out: number) => void} */ (instance.exports[call]);
      const into = new Uint8Array(memory.buffer, base);
      const out = new Uint32Array(memory.buffer, base + bytes.length, count / 32);
      const block = 16_384;
      const width = values.BYTES_PER_ELEMENT;
      const expected = countBits(evaluate(predicate, source).isTrue);
      const answers = {
        loop: () => evaluate(predicate, source).isTrue,
        copied: () => {
          for (let from = 0; from < count; from += block) {
            into.set(bytes.subarray(from * width, (from + block) * width));
            below(base, block, 500_000, out.byteOffset + from / 8);
          }
          return out.slice();
        },
        resident: () => {
          below(base, count, 500_000, out.byteOffset);
          return out.slice();
        },
      };
      const ms = (/** @type {keyof typeof answers} */ key) => timed(() => (answers[key](), expected), expected);
      const [loop, copied] = [ms('loop'), ms('copied')];
      const same = countBits(answers.copied()) === expected;
      into.set(bytes);
      const resident = ms('resident');
      if (!same || countBits(answers.resident()) !== expected) throw new Error(`${call} finds other rows`);
      table.push([filter, number(loop), number(copied), number(resident), ratio(loop / copied), ratio(loop / resident)]);
    }
    return { head: ['filter', 'loop ms', 'copied ms', 'resident ms', 'copied', 'resident'], rows: table, figures: table, notes: [`${count.toLocaleString('en')} rows.`] };
  },
};

export const benches = [evaluation, kernel];
