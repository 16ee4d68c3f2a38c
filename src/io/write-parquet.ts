/**
 * Parquet as Milvus's bulk import reads it: vectors are lists of FLOAT, of INT_8, or of UINT_8 (bytes of binary, Float16 and BFloat16 vectors), sparse vectors and JSON are texts. Which fields they were is in the
 * file's metadata beside it. Row groups are written as they are full.
 */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { DecodedArray, SchemaElement } from 'hyparquet/src/types.js';
import type { Column, ColumnBatch } from '../schema/column.ts';
import type { ElementType } from '../schema/types.ts';
import type { ExportedField, FormatWriter, WriterSetup } from './export.ts';
import { SCHEMA_KEY } from './parquet.ts';
import { isNull, jsonText, storedText } from './value-text.ts';

/** Rows, and bytes of the vectors, of one row group. */
const GROUP_ROWS = 65_536;
const GROUP_BYTES = 32 << 20;

const FLOATS: ReadonlySet<string> = new Set(['Float', 'Double']);

type Leaf = Pick<SchemaElement, 'type' | 'converted_type' | 'logical_type'>;

const INTEGER = (bitWidth: number, isSigned: boolean): Leaf => ({ type: 'INT32', converted_type: `${isSigned ? '' : 'U'}INT_${bitWidth}` as 'INT_8', logical_type: { type: 'INTEGER', bitWidth, isSigned } });
const TEXT: Leaf = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
const LEAVES: Readonly<Record<ElementType, Leaf>> = { Bool: { type: 'BOOLEAN' }, Int8: INTEGER(8, true), Int16: INTEGER(16, true), Int32: { type: 'INT32' }, Int64: { type: 'INT64' }, Float: { type: 'FLOAT' }, Double: { type: 'DOUBLE' }, VarChar: TEXT };
/** Of the vectors that are lists. */
const VECTOR_LEAVES: Readonly<Record<string, Leaf>> = { FloatVector: { type: 'FLOAT' }, Int8Vector: INTEGER(8, true), BinaryVector: INTEGER(8, false), Float16Vector: INTEGER(8, false), BFloat16Vector: INTEGER(8, false) };

export function parquetWriter({ fields, sink }: WriterSetup): FormatWriter {
  const bytes = new SinkWriter();
  const elements = fields.flatMap(elementsOf);
  const schema: SchemaElement[] = [{ name: 'schema', num_children: fields.length }, ...elements];
  const stated = JSON.stringify(fields.map(({ dim, elementType, name, type }) => ({ name, type, dim, elementType })));
  const writer = new ParquetWriter({ writer: bytes, schema, statistics: false, kvMetadata: [{ key: SCHEMA_KEY, value: stated }], createdBy: 'elanus' });
  const rowBytes = fields.reduce((sum, { dim = 0 }) => sum + 4 * dim, 64);
  const groupRows = Math.max(1, Math.min(GROUP_ROWS, Math.floor(GROUP_BYTES / rowBytes)));
  let waiting: unknown[][] = fields.map(() => []);
  const writeGroup = async (): Promise<void> => {
    const columnData = fields.map(({ elementType, name, type }, i) => ({
      name,
      data: waiting[i] as DecodedArray,
      // Numbers of vectors do not repeat, and do not pack.
      ...(type in VECTOR_LEAVES ? { codec: 'UNCOMPRESSED' as const, encoding: 'PLAIN' as const } : {}),
      // A dictionary has one entry for 0 and -0.
      ...(FLOATS.has(elementType ?? type) ? { encoding: 'PLAIN' as const } : {}),
    }));
    await writer.write({ columnData, rowGroupSize: groupRows });
    waiting = fields.map(() => []);
    await sink.write(bytes.take());
  };
  return {
    async page({ columns, rows }: ColumnBatch) {
      for (let row = 0; row < rows; row++) columns.forEach((column, i) => waiting[i].push(valueOf(column, row)));
      if (waiting[0].length >= groupRows) await writeGroup();
    },
    async end() {
      if (waiting[0].length > 0) await writeGroup();
      await writer.finish();
      await sink.write(bytes.take());
    },
  };
}

/** The writer's bytes, which are taken away as they come. */
class SinkWriter extends ByteWriter {
  take(): Uint8Array {
    const taken = this.getBytes().slice();
    this.index = 0;
    return taken;
  }
}

function elementsOf({ elementType, name, nullable, type }: ExportedField): SchemaElement[] {
  const repetition = nullable ? 'OPTIONAL' : 'REQUIRED';
  const element = type === 'Array' ? LEAVES[elementType!] : VECTOR_LEAVES[type];
  if (element === undefined) return [{ name, repetition_type: repetition, ...(type === 'JSON' || type === 'SparseFloatVector' ? TEXT : LEAVES[type as ElementType]) }];
  return [
    { name, repetition_type: repetition, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', ...element },
  ];
}

function valueOf(column: Column, row: number): unknown {
  if (isNull(column, row)) return null;
  const { dim, offsets, type, values } = column;
  switch (type) {
    case 'VarChar':
    case 'JSON':
      return storedText(column, row);
    case 'SparseFloatVector':
      return jsonText(column, row);
    case 'Bool':
      return (((values as Uint8Array)[row >> 3] >> (row & 7)) & 1) === 1;
    case 'Array':
      return Array.from({ length: offsets![row + 1] - offsets![row] }, (_, i) => valueOf(column.elements!, offsets![row] + i));
    case 'FloatVector':
    case 'Int8Vector':
      return Array.from((values as Float32Array).subarray(row * dim, (row + 1) * dim));
    case 'BinaryVector':
      return Array.from((values as Uint8Array).subarray((row * dim) / 8, ((row + 1) * dim) / 8));
    case 'Float16Vector':
    case 'BFloat16Vector': {
      const bytes: number[] = [];
      for (const bits of (values as Uint16Array).subarray(row * dim, (row + 1) * dim)) bytes.push(bits & 255, bits >> 8);
      return bytes;
    }
    default:
      return values[row];
  }
}
