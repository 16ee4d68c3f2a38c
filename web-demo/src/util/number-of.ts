/** A number for each object, so that a text can name one among others that are called alike. */
const numbers = new WeakMap<object, number>();
let next = 0;

export function numberOf(object: object): number {
  let number = numbers.get(object);
  if (number === undefined) numbers.set(object, (number = next++));
  return number;
}
