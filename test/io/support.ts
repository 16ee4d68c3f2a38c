/** A database with import and export, and collections of every type of field with rows that are hard to write. */
import { makeConnect, type Connect } from '../../src/api/connect.ts';
import { makeLauncher } from '../../src/launch.ts';
import { makeIo } from '../../src/io/make.ts';
import { nodeFiles } from '../../src/platform/node-files.ts';
import { nodePlatform } from '../../src/platform/node.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { TYPE_CASES } from '../support/typed-vectors.ts';

const arrow = (): Promise<unknown> => import('apache-arrow');
export const io = makeIo({ files: nodeFiles, arrow });
/** As in a page. */
export const pageIo = makeIo({});

const launch = makeLauncher(nodePlatform(new URL('./no-worker.js', import.meta.url)));
const connectHere = makeConnect(launch, async () => io);
export const connect: Connect = (url, options) => connectHere(url, { mode: 'inline', ...options });
export const connectAsPage: Connect = makeConnect(launch, async () => pageIo);

/** Every scalar type, twice: with NULLs and without. `[ 'Float', 'Int64' ]` are what arrays have. */
export const SCALARS = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    bool: { type: 'Bool' },
    bool_n: { type: 'Bool', nullable: true },
    int8: { type: 'Int8' },
    int16_n: { type: 'Int16', nullable: true },
    int32: { type: 'Int32', defaultValue: 7 },
    int64: { type: 'Int64' },
    int64_n: { type: 'Int64', nullable: true },
    float: { type: 'Float' },
    double_n: { type: 'Double', nullable: true },
    text: { type: 'VarChar', maxLength: 1000 },
    text_n: { type: 'VarChar', maxLength: 1000, nullable: true },
    json: { type: 'JSON' },
    json_n: { type: 'JSON', nullable: true },
    tags: { type: 'Array', elementType: 'VarChar', maxCapacity: 10, maxLength: 100, nullable: true },
    longs: { type: 'Array', elementType: 'Int64', maxCapacity: 10 },
    floats: { type: 'Array', elementType: 'Float', maxCapacity: 10 },
    flags: { type: 'Array', elementType: 'Bool', maxCapacity: 10, nullable: true },
    v: { type: 'FloatVector', dim: 4 },
  },
  dynamicField: true,
});

/** The four vector types of one collection, then the others. */
export const VECTORS = [
  defineSchema({
    fields: {
      key: { type: 'VarChar', maxLength: 100, primaryKey: true },
      FloatVector: { type: 'FloatVector', dim: 16 },
      Float16Vector: { type: 'Float16Vector', dim: 16 },
      BFloat16Vector: { type: 'BFloat16Vector', dim: 16 },
      Int8Vector: { type: 'Int8Vector', dim: 16 },
    },
  }),
  defineSchema({
    fields: {
      key: { type: 'VarChar', maxLength: 100, primaryKey: true },
      BinaryVector: { type: 'BinaryVector', dim: 16 },
      SparseFloatVector: { type: 'SparseFloatVector' },
    },
  }),
] as const;

const TEXTS = ['', ' ', 'plain', 'a,b;c\td|e', '"quoted"', 'two\nlines', 'two\r\nlines', '\uFEFFmark', 'ünï\u{1f98a}', 'NULL', 'null', 'true', '007', '1e5', '[1,2]', '{"a":1}', '"', '\\N', '__proto__', '=1+1', '\u2028'];
const JSONS: readonly unknown[] = [{}, [], 0, -0.5, 1e300, 'text', '{"a":1}', '[1]', '"q"', '', true, false, { a: { b: [1, null, 'x'] } }, [[[]]], { toString: 1, constructor: { prototype: 2 } }, 2 ** 53, 'NULL'];

/** Rows of {@link SCALARS}. */
export function scalarRows(next: () => number, rows: number): Record<string, unknown>[] {
  const int = (bound: number): number => Math.floor(next() * bound);
  const pick = <T>(values: readonly T[]): T => values[int(values.length)]!;
  const long = (): bigint => pick([0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, BigInt(int(1e9)) * 1_000_000_007n]);
  const float = (): number => pick([0, -0, 0.1, Math.fround(1 / 3), -1e-45, 3.4e38, next()]);
  const list = <T>(of: () => T): T[] => Array.from({ length: int(5) }, of);
  const orNull = <T>(of: () => T): T | null => (next() < 0.3 ? null : of());
  return Array.from({ length: rows }, (_, i) => {
    const dynamic = next() < 0.5 ? {} : { ['a key']: pick(JSONS.filter((value) => typeof value !== 'number' || Number.isFinite(value))), ...(next() < 0.3 ? { constructor: int(5), empty: null } : {}) };
    return {
      id: BigInt(i) * 1_000_000_007_000_003n - 2n ** 62n,
      bool: next() < 0.5, bool_n: orNull(() => next() < 0.5),
      int8: int(256) - 128, int16_n: orNull(() => int(65536) - 32768), int32: int(2 ** 32) - 2 ** 31, int64: long(), int64_n: orNull(long),
      float: float(), double_n: orNull(() => pick([0, -0, 0.1, 1e-320, -1.7976931348623157e308, next()])),
      text: pick(TEXTS), text_n: orNull(() => pick(TEXTS)), json: pick(JSONS), json_n: orNull(() => pick(JSONS)),
      tags: orNull(() => list(() => pick(TEXTS))), longs: list(long), floats: list(float), flags: orNull(() => list(() => next() < 0.5)),
      v: Float32Array.from({ length: 4 }, float),
      ...dynamic,
    };
  });
}

/** Rows of either of {@link VECTORS}. */
export function vectorRows(next: () => number, rows: number, schema: (typeof VECTORS)[number]): Record<string, unknown>[] {
  const types = TYPE_CASES.filter(({ type }) => schema.fields.some((field) => field.type === type));
  return Array.from({ length: rows }, (_, i) => ({ key: `${TEXTS[i % TEXTS.length]}${i}`, ...Object.fromEntries(types.map(({ draw, type }) => [type, draw(next, 16)])) }));
}
