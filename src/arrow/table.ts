/**
 * Columns as apache-arrow's, over the same buffers: nothing is copied, and nothing is made by its builders, which compile code. Of
 * each column the field's metadata says which type of Elanus it is. The package is given: who writes files of Arrow has it from the user.
 */
import type { Data, DataType, Table } from 'apache-arrow';
import type { Column } from '../schema/column.ts';
import type { Field } from '../schema/types.ts';

export type ArrowModule = typeof import('apache-arrow');

export interface NamedColumn {
  readonly field: Pick<Field, 'name' | 'type' | 'nullable'>;
  readonly column: Column;
}

/** A Table of one batch. All columns have as many rows. */
export function toTable(arrow: ArrowModule, rows: number, columns: readonly NamedColumn[]): Table {
  const { Field: ArrowField, RecordBatch, Schema, Struct, Table: ArrowTable, makeData } = arrow;
  const children = columns.map(({ column }) => toData(arrow, column));
  const fields = columns.map(({ field }, i) => new ArrowField(field.name, children[i].type, field.nullable, new Map([['elanus.type', field.type]])));
  const data = makeData({ type: new Struct(fields), length: rows, nullCount: 0, children });
  return new ArrowTable([new RecordBatch(new Schema(fields), data)]);
}

function toData(arrow: ArrowModule, column: Column): Data {
  const { Field: ArrowField, FixedSizeBinary, FixedSizeList, List, Struct, Uint32, Float32, Utf8, makeData } = arrow;
  const { dim, indices, length, offsets, type, validity: nullBitmap, values } = column;
  const plain = (of: DataType): Data => makeData({ type: of, length, nullBitmap, data: values } as never);
  const vectors = (of: DataType): Data => {
    const child = makeData({ type: of, length: length * dim, nullCount: 0, data: values } as never);
    return makeData({ type: new FixedSizeList(dim, new ArrowField('item', of, false)), length, nullBitmap, child });
  };
  const list = (child: Data): Data => makeData({ type: new List(new ArrowField('item', child.type, false)), length, nullBitmap, valueOffsets: offsets!, child });
  switch (type) {
    case 'Bool':
      return plain(new arrow.Bool());
    case 'Int8':
      return plain(new arrow.Int8());
    case 'Int16':
      return plain(new arrow.Int16());
    case 'Int32':
      return plain(new arrow.Int32());
    case 'Int64':
      return plain(new arrow.Int64());
    case 'Float':
      return plain(new Float32());
    case 'Double':
      return plain(new arrow.Float64());
    case 'Array':
      return list(toData(arrow, column.elements!));
    case 'VarChar':
    case 'JSON':
      return makeData({ type: new Utf8(), length, nullBitmap, valueOffsets: offsets!, data: values as Uint8Array });
    case 'FloatVector':
      return vectors(new Float32());
    case 'Float16Vector':
      return vectors(new arrow.Float16());
    case 'BFloat16Vector':
      return vectors(new arrow.Uint16());
    case 'Int8Vector':
      return vectors(new arrow.Int8());
    case 'BinaryVector':
      return makeData({ type: new FixedSizeBinary(dim / 8), length, nullBitmap, data: values as Uint8Array });
    case 'SparseFloatVector': {
      const lists = [
        makeData({ type: new List(new ArrowField('item', new Uint32(), false)), length, nullCount: 0, valueOffsets: offsets!, child: makeData({ type: new Uint32(), length: indices!.length, nullCount: 0, data: indices! }) }),
        makeData({ type: new List(new ArrowField('item', new Float32(), false)), length, nullCount: 0, valueOffsets: offsets!, child: makeData({ type: new Float32(), length: values.length, nullCount: 0, data: values as Float32Array }) }),
      ];
      const fields = [new ArrowField('indices', lists[0].type, false), new ArrowField('values', lists[1].type, false)];
      return makeData({ type: new Struct(fields), length, nullBitmap, children: lists });
    }
  }
}
