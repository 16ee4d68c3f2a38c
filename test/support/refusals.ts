/** Things to be refused, and by which code they were: tests assert codes, never texts. */
import { isElanusError, type ElanusError } from '../../src/util/error.ts';

/** The ElanusError that `act` throws. Another error passes through; none at all is one. */
export function failureOf(act: () => unknown): ElanusError {
  let answer: unknown;
  try {
    answer = act();
  } catch (error) {
    if (isElanusError(error)) return error;
    throw error;
  }
  throw new Error(`expected a refusal, got ${String(answer)}`);
}

/** Its code. */
export const codeOf = (act: () => unknown): string => failureOf(act).code;

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

/** The code, or `'none'` of a promise that resolves. */
export async function codeOrNone(promise: PromiseLike<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    if (isElanusError(error)) return error.code;
    throw error;
  }
}

/** The values with a hole where one was: no undefined, nothing. */
export function withHole(values: readonly unknown[], at: number): unknown[] {
  const holed = [...values];
  delete holed[at];
  return holed;
}
