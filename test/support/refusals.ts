/** Things to be refused, and by which code they were: tests assert codes, never texts. */
import { isElanusError } from '../../src/util/error.ts';

/** The code of the ElanusError that `act` throws. Another error passes through; none at all is one. */
export function codeOf(act: () => unknown): string {
  let answer: unknown;
  try {
    answer = act();
  } catch (error) {
    if (isElanusError(error)) return error.code;
    throw error;
  }
  throw new Error(`expected a refusal, got ${String(answer)}`);
}

/** The same of a promise. */
export async function codeOfAsync(promise: PromiseLike<unknown>): Promise<string> {
  let answer: unknown;
  try {
    answer = await promise;
  } catch (error) {
    if (isElanusError(error)) return error.code;
    throw error;
  }
  throw new Error(`expected a refusal, got ${String(answer)}`);
}

/** The values with a hole where one was: no undefined, nothing. */
export function withHole(values: readonly unknown[], at: number): unknown[] {
  const holed = [...values];
  delete holed[at];
  return holed;
}
