/**
 * A value of one row, as the general way of evaluation sees it. Integers are bigints and doubles are numbers, so that a cell
 * tells which arithmetic it takes part in.
 */

/** What is not there, or not of the type asked for. */
export const MISMATCH: unique symbol = Symbol('mismatch');
/** null: NULL, or what is unknown for another reason. */
export type Cell = typeof MISMATCH | null | boolean | bigint | number | string;

export const isNumeric = (cell: unknown): cell is number | bigint => typeof cell === 'number' || typeof cell === 'bigint';
