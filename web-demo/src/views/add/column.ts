/** A column of a file as the page shows it: what was seen of it in the first rows. */

export interface ColumnInfo {
  readonly name: string;
  /** By Elanus's name, such as `VarChar`. */
  readonly type: string;
  readonly dim?: number;
  readonly elementType?: string;
  /** Some row has no value. */
  readonly nullable: boolean;
  /** Every row that was looked at has a value of its own. */
  readonly unique: boolean;
  /** UTF-8 bytes of the longest text. */
  readonly longest: number;
  /** Different values among the rows that were looked at; null: too many to count, or not counted. */
  readonly distinct: number | null;
  /** Rows that were looked at and have a value. */
  readonly filled: number;
  /** Mean number of characters of its texts; 0 where there are none. */
  readonly length: number;
}

/** What a file has, before anything is made of it. */
export interface TableInfo {
  readonly name: string;
  readonly bytes: number;
  readonly format: string;
  /** Null: not known before all of it is read. */
  readonly rows: number | null;
  readonly columns: readonly ColumnInfo[];
  /** The first rows as text, a value per column. */
  readonly first: readonly (readonly string[])[];
}

/** The page's views compare numbers; bits and sparse vectors it leaves out. */
const VECTORS: ReadonlySet<string> = new Set(['FloatVector', 'Float16Vector', 'BFloat16Vector', 'Int8Vector']);

export const isVector = ({ type }: Pick<ColumnInfo, 'type'>): boolean => VECTORS.has(type);
export const isText = ({ type }: Pick<ColumnInfo, 'type'>): boolean => type === 'VarChar';
export const isTags = ({ type, elementType }: Pick<ColumnInfo, 'type' | 'elementType'>): boolean => type === 'Array' && elementType === 'VarChar';
export const isNumber = ({ type }: Pick<ColumnInfo, 'type'>): boolean => /^(Int\d+|Float|Double)$/.test(type);
/** True for what a row can be named and found by. */
export const mayBeKey = (column: ColumnInfo): boolean => (column.type === 'Int64' || column.type === 'VarChar') && column.unique && !column.nullable && column.longest <= 255;
/** True for what the page can filter by. */
export const mayBeFilter = (column: ColumnInfo): boolean => column.type === 'Bool' || isNumber(column) || isText(column) || isTags(column);

/** True for a text whose values come again and again, so that one picks them from a list. */
export const isCategory = ({ distinct, filled }: Pick<ColumnInfo, 'distinct' | 'filled'>, most: number): boolean => distinct !== null && distinct > 1 && distinct <= most && distinct <= filled / 2;

/** For people. */
export function typeName(column: Pick<ColumnInfo, 'type' | 'dim' | 'elementType'>): string {
  const { type, dim, elementType } = column;
  if (type.endsWith('Vector')) return dim === undefined ? 'vector' : `vector of ${dim}`;
  if (type === 'Array') return elementType === 'VarChar' ? 'list of texts' : elementType === 'Bool' ? 'list of yes / no' : 'list of numbers';
  if (/^Int\d+$/.test(type)) return 'whole number';
  return { VarChar: 'text', Float: 'number', Double: 'number', Bool: 'yes / no', JSON: 'nested' }[type] ?? type;
}
