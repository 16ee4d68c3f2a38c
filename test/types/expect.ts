/** True where two types are the same, `readonly` and optional members included. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only for the type that is expected. */
export function expectType<T>(_value: T): void {}
