/** Elements that are integers in a typed array of their own: what Int8Vector and BinaryVector share. */
import { tagOf, type Elements } from './matrix.ts';

type IntegerArray = Int8Array | Uint8Array;

/** `Type`: the array, `name` its name. Numbers that change when they are put into it are refused. */
export function integerElements<A extends IntegerArray>(Type: new (length: number) => A, name: string, unit: string, range: string): Elements<A> {
  const isOwn = (value: unknown): value is A => value instanceof Type || tagOf(value) === name;
  return {
    expected: `a vector (${name} or an array of integers)`,
    unit,
    range,
    bytesPerElement: 1,
    alloc: (length) => new Type(length),
    isMatrix: isOwn,
    copy(source, from, count, out, at) {
      if (isOwn(source)) {
        out.set(source.subarray(from, from + count), at);
        return -1;
      }
      for (let i = 0; i < count; i++) {
        const x = source[from + i];
        if (typeof x !== 'number') return from + i;
        out[at + i] = x;
        if (out[at + i] !== x) return from + i;
      }
      return -1;
    },
  };
}
