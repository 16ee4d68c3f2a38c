/** NumPy's `.npy` of one vector field: shape (rows, dim), in C order, little-endian. Rows are in ascending order of their keys. */
import { BFLOAT16, widen } from '../schema/vector-types/half.ts';
import type { FormatWriter, WriterSetup } from './export.ts';

/** Of binary vectors there are dim / 8 bytes; of BFloat16, which NumPy has not, 32-bit floats. */
const DESCR: Readonly<Record<string, string>> = { FloatVector: '<f4', Float16Vector: '<f2', BFloat16Vector: '<f4', Int8Vector: '|i1', BinaryVector: '|u1' };
const HEADER_ALIGN = 64;

export async function npyWriter({ fields: [field], rows, sink }: WriterSetup): Promise<FormatWriter> {
  const { dim = 1, type } = field;
  const width = type === 'BinaryVector' ? dim / 8 : dim;
  await sink.write(npyHeader(DESCR[type], [rows, width]));
  return {
    async page({ columns: [{ values }] }) {
      const numbers = type === 'BFloat16Vector' ? widen(BFLOAT16, values as Uint16Array, 0, values.length) : values;
      await sink.write(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength).slice());
    },
    end: async () => {},
  };
}

/** Of version 1: what comes behind it begins at a multiple of 64 bytes. */
export function npyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const length = Math.ceil((10 + text.length + 1) / HEADER_ALIGN) * HEADER_ALIGN - 10;
  const bytes = new Uint8Array(10 + length).fill(32);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[bytes.length - 1] = 10;
  return bytes;
}
