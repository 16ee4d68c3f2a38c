/** Arrow IPC, stream and file, a record batch at a time, by the user's copy of apache-arrow behind `arrow-check.ts`. */
import type { Data, DataType, Field, Schema } from 'apache-arrow';
import { FLOAT16, widen } from '../schema/vector-types/half.ts';
import { throwIfAborted } from '../util/error.ts';
import { messages, readFooter, type Footer } from './arrow-check.ts';
import type { ArrowModule } from './host.ts';
import { guarded, messageOf, refuseAt, type Place } from './place.ts';
import type { RawBatch, RawOptions, Reader } from './reader.ts';
import type { ByteSource } from './source.ts';

export async function openArrow(source: ByteSource, arrow: ArrowModule): Promise<Reader> {
  const file = source.name;
  const footer = await readFooter(source);
  let head: Uint8Array | undefined = footer && new Uint8Array([...MAGIC, 0, 0, ...footer.bytes]);
  let rows = 0;
  for await (const message of messages(source, footer, false, undefined)) {
    head ??= message.bytes;
    if (message.isBatch) rows += message.rows;
  }
  const schema = await guarded({ file }, 'a schema of Arrow', async () => {
    const reader = await arrow.RecordBatchReader.from(head!);
    await reader.open();
    return reader.schema;
  });
  const fields = schema.fields as Field[];
  const names = fields.map(({ name }) => name);
  for (const name of names as unknown[]) if (typeof name !== 'string') refuseAt({ file }, 'columns with names', String(name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) refuseAt({ file, column: twice }, 'one column of that name', 'two');
  const byName = new Map(fields.map((field) => [field.name, field]));
  return {
    format: 'arrow',
    file,
    bytes: source.size,
    rows,
    columns: names,
    isText: false,
    jsonTexts: new Set(fields.filter((field) => elanusType(field) === 'JSON').map(({ name }) => name)),
    typeOf: (column) => statedType(arrow, byName.get(column)),
    batches: (options) => batches(source, footer, arrow, schema, options),
  };
}

const MAGIC = Uint8Array.from('ARROW1', (char) => char.charCodeAt(0));

/** Whatever a hostile file has in its place: not every value of metadata is a text. */
function elanusType(field: Field | undefined): string | undefined {
  const type: unknown = field?.metadata.get('elanus.type');
  return typeof type === 'string' ? type : undefined;
}

/** What a field of Elanus was written from. */
function statedType(arrow: ArrowModule, field: Field | undefined): Record<string, unknown> | undefined {
  const type = elanusType(field);
  if (type === undefined) return undefined;
  const { byteWidth, children, listSize } = field!.type as DataType & { readonly byteWidth?: number; readonly listSize?: number; readonly children?: Field[] | null };
  if (type === 'Array') return { type, elementType: elementOf(arrow, children?.[0]?.type) };
  if (type === 'BinaryVector') return { type, dim: (byteWidth ?? 0) * 8 };
  return type.endsWith('Vector') && type !== 'SparseFloatVector' ? { type, dim: listSize } : { type };
}

function elementOf(arrow: ArrowModule, type: DataType | undefined): string | undefined {
  const { bitWidth, precision } = (type ?? {}) as { readonly bitWidth?: number; readonly precision?: number };
  switch (type?.typeId) {
    case arrow.Type.Bool:
      return 'Bool';
    case arrow.Type.Int:
      return `Int${bitWidth}`;
    case arrow.Type.Float:
      return precision === arrow.Precision.DOUBLE ? 'Double' : 'Float';
    default:
      return 'VarChar';
  }
}

async function* batches(source: ByteSource, footer: Footer | undefined, arrow: ArrowModule, schema: Schema, { batchRows, columns: wanted, signal }: RawOptions): AsyncGenerator<RawBatch, void, undefined> {
  const file = source.name;
  const kept = (schema.fields as Field[]).map((field, i) => [field, i] as const).filter(([{ name }]) => wanted === undefined || wanted.has(name));
  let bytes = 0;
  const checked = async function* (): AsyncGenerator<Uint8Array> {
    // Batches of a file are read as a stream, which begins with its schema and has two words at its end.
    if (footer) yield arrow.tableToIPC(new arrow.Table(schema), 'stream').slice(0, -8);
    for await (const message of messages(source, footer, true, signal)) {
      bytes = message.end;
      yield message.bytes;
    }
  };
  const reader = await guarded({ file }, 'Arrow IPC', async () => arrow.RecordBatchReader.from(checked()));
  let firstRow = 0;
  for (;;) {
    const next = await guarded({ file, row: firstRow }, 'a record batch of Arrow', () => reader.next());
    if (next.done) return;
    const { data, numRows } = next.value;
    const values = new Map<string, ArrayLike<unknown>>();
    for (const [field, i] of kept) {
      const place = { file, row: firstRow, column: field.name };
      values.set(field.name, await guarded(place, 'a column of Arrow', () => columnValues(arrow, data.children[i], numRows, elanusType(field) !== undefined, place)));
    }
    for (let from = 0; from < numRows; from += batchRows) {
      throwIfAborted(signal);
      const to = Math.min(numRows, from + batchRows);
      yield { rows: to - from, columns: new Map([...values].map(([name, column]) => [name, Array.prototype.slice.call(column, from, to)])), bytes };
    }
    firstRow += numRows;
  }
}

type Numbers = Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | BigInt64Array | BigUint64Array;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const DAY_MS = 86_400_000;

/**
 * A value per row, null where there is none. `isOurs`: 16-bit integers are bit patterns; else they are numbers, as everywhere.
 * Every buffer is as long as the rows want, or it throws.
 */
function columnValues(arrow: ArrowModule, data: Data, length: number, isOurs: boolean, place: Place): ArrayLike<unknown> {
  const { Type } = arrow;
  const type = data.type as DataType & { readonly byteWidth?: number; readonly listSize?: number; readonly precision?: number; readonly unit?: number };
  const { offset } = data;
  if (data.length < length) throw new Error(`${data.length} values in ${length} rows`);
  const bits = data.nullBitmap as Uint8Array | null | undefined;
  const hasNulls = bits !== null && bits !== undefined && bits.length > 0 && data.nullCount > 0;
  if (hasNulls && bits.length * 8 < offset + length) throw new Error('a bitmap that is too short');
  const isThere = (row: number): boolean => !hasNulls || ((bits[(offset + row) >> 3] >> ((offset + row) & 7)) & 1) === 1;
  const each = (valueAt: (row: number) => unknown): unknown[] => Array.from({ length }, (_, row) => (isThere(row) ? valueAt(row) : null));
  const numbers = (per = 1): Numbers => {
    const values = data.values as Numbers;
    if (values.length < length * per) throw new Error(`${values.length} numbers in ${length} rows`);
    return values;
  };
  const range = (row: number, max: number): readonly [number, number] => {
    const from = Number(data.valueOffsets[row]);
    const to = Number(data.valueOffsets[row + 1]);
    if (!(from >= 0 && from <= to && to <= max)) throw new Error(`a value from ${from} to ${to} of ${max}`);
    return [from, to];
  };
  switch (type.typeId) {
    case Type.Null:
      return new Array<null>(length).fill(null);
    case Type.Int: {
      const values = numbers();
      const plain = values instanceof Uint16Array && !isOurs ? Int32Array.from(values) : values;
      return hasNulls ? each((row) => plain[row]) : plain.subarray(0, length);
    }
    case Type.Float: {
      const values = numbers();
      const plain = type.precision === arrow.Precision.HALF ? widen(FLOAT16, values as Uint16Array, 0, length) : values;
      return hasNulls ? each((row) => plain[row]) : plain.subarray(0, length);
    }
    case Type.Bool: {
      const values = data.values as Uint8Array;
      if (values.length * 8 < offset + length) throw new Error('bits that are too few');
      return each((row) => ((values[(offset + row) >> 3] >> ((offset + row) & 7)) & 1) === 1);
    }
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Binary:
    case Type.LargeBinary: {
      const values = data.values as Uint8Array;
      const isText = type.typeId === Type.Utf8 || type.typeId === Type.LargeUtf8;
      return each((row) => {
        const [from, to] = range(row, values.length);
        if (!isText) return values.subarray(from, to);
        try {
          return utf8.decode(values.subarray(from, to));
        } catch (cause) {
          return refuseAt({ ...place, row: place.row! + row }, 'text in UTF-8', messageOf(cause));
        }
      });
    }
    case Type.FixedSizeBinary: {
      const width = type.byteWidth!;
      if (!(width > 0)) throw new Error(`values of ${width} bytes`);
      const values = numbers(width) as Uint8Array;
      return each((row) => values.subarray(row * width, (row + 1) * width));
    }
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList: {
      const child = data.children[0];
      const size = type.typeId === Type.FixedSizeList ? type.listSize! : undefined;
      if (size !== undefined && !(size >= 0 && size * length <= child.length)) throw new Error(`lists of ${size} in ${child.length} values`);
      const elements = columnValues(arrow, child, size === undefined ? child.length : size * length, isOurs, place);
      return each((row) => {
        const [from, to] = size === undefined ? range(row, elements.length) : [row * size, (row + 1) * size];
        return ArrayBuffer.isView(elements) ? (elements as unknown as Float32Array).subarray(from, to) : Array.prototype.slice.call(elements, from, to);
      });
    }
    case Type.Struct: {
      const parts = (type.children as Field[]).map(({ name }, i) => [name, columnValues(arrow, data.children[i], length, isOurs, place)] as const);
      return each((row) => Object.fromEntries(parts.map(([name, values]) => [name, values[row]])));
    }
    case Type.Dictionary: {
      const indices = numbers();
      const words = (data.dictionary?.data ?? []).flatMap((part) => Array.from(columnValues(arrow, part, part.length, isOurs, place)));
      return each((row) => {
        const index = Number(indices[row]);
        if (!(index >= 0 && index < words.length)) throw new Error(`word ${index} of ${words.length}`);
        return words[index];
      });
    }
    case Type.Date: {
      const isDays = type.unit === arrow.DateUnit.DAY;
      const values = numbers();
      return each((row) => new Date(Number(values[row]) * (isDays ? DAY_MS : 1)));
    }
    case Type.Timestamp: {
      const values = numbers();
      const perMs = [0.001, 1, 1e3, 1e6][type.unit!];
      return each((row) => new Date(Math.floor(Number(values[row]) / perMs)));
    }
    default:
      return refuseAt(place, 'a column of numbers, booleans, text, bytes, dates, lists, structs or dictionaries of them', `${String(type)}: cast it first`, 'NOT_SUPPORTED');
  }
}
