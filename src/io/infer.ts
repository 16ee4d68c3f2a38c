/**
 * Which type the values of a column have, by a sample of them. A type is what all of them fit: a number among texts makes text of all where the source is
 * text, and JSON where it knows both.
 */
import type { ElementType, Field, FieldType } from '../schema/types.ts';
import { MAX_ARRAY_CAPACITY, MAX_BINARY_DIM, MAX_DIM, MAX_VARCHAR_BYTES, MIN_DIM } from '../schema/limits.ts';
import { parseJson } from './parse-json.ts';
import { FLOAT, INTEGER, isList } from './values.ts';

/** What a column is taken for. */
export interface InferredType {
  readonly type: FieldType;
  /** Of a vector. */
  readonly dim?: number;
  /** Of an Array. */
  readonly elementType?: ElementType;
}

type Kind = 'bool' | 'int' | 'float' | 'text' | 'list' | 'sparse' | 'object';

/** What was seen of a column so far. */
export class ColumnProfile {
  readonly #isText: boolean;
  readonly #kinds = new Set<Kind>();
  readonly #elements = new Set<Kind>();
  /** Of lists, by what typed array they were. */
  readonly #lists = new Set<string>();
  #shortest = Infinity;
  #longest = 0;
  /** Numbers beyond 64 bits are no Int64. */
  #isWide = false;
  nulls = 0;
  values = 0;
  /** UTF-16 units of the longest text. */
  longestText = 0;

  constructor(isText: boolean) {
    this.#isText = isText;
  }

  add(value: unknown): void {
    if (value === null || value === undefined) {
      this.nulls++;
      return;
    }
    this.values++;
    if (this.#isText) this.#addCell(value as string);
    else this.#addValue(value);
  }

  #addCell(cell: string): void {
    const text = cell.trim();
    this.longestText = Math.max(this.longestText, cell.length);
    if (/^(true|false)$/i.test(text)) this.#kinds.add('bool');
    // Zeros at the front are of house numbers, telephones and the like: text.
    else if (/^[+-]?0\d/.test(text)) this.#kinds.add('text');
    else if (INTEGER.test(text)) this.#addInteger(BigInt(text.replace('+', '')));
    else if (FLOAT.test(text)) this.#kinds.add('float');
    else if (text.startsWith('[') || text.startsWith('{')) {
      let value: unknown;
      try {
        value = parseJson(text, {});
      } catch {
        this.#kinds.add('text');
        return;
      }
      this.#addValue(value);
    } else this.#kinds.add('text');
  }

  #addValue(value: unknown): void {
    const kind = kindOf(value);
    if (kind === 'int') this.#addInteger(value as number | bigint);
    else this.#kinds.add(kind);
    if (kind === 'text') this.longestText = Math.max(this.longestText, String(value).length);
    if (kind === 'list') this.#addList(value as ArrayLike<unknown>);
  }

  #addInteger(value: number | bigint): void {
    this.#kinds.add('int');
    this.#isWide ||= typeof value === 'bigint' ? BigInt.asIntN(64, value) !== value : !Number.isSafeInteger(value);
  }

  #addList(list: ArrayLike<unknown>): void {
    const { length } = list;
    this.#shortest = Math.min(this.#shortest, length);
    this.#longest = Math.max(this.#longest, length);
    this.#lists.add(Array.isArray(list) ? 'Array' : list.constructor.name);
    // All elements of a typed array are numbers, and of a long list the first and the last say enough.
    if (ArrayBuffer.isView(list)) this.#elements.add(list instanceof Float32Array || list instanceof Float64Array ? 'float' : 'int');
    else for (let i = 0; i < length; i++) this.#elements.add(list[i] === null || list[i] === undefined ? 'object' : kindOf(list[i]));
    if (length > 0 && typeof list[0] === 'string') for (let i = 0; i < length; i++) this.longestText = Math.max(this.longestText, String(list[i]).length);
  }

  get type(): InferredType {
    const kinds = this.#kinds;
    const only = (...names: Kind[]): boolean => kinds.size > 0 && [...kinds].every((kind) => names.includes(kind));
    if (kinds.size === 0) return { type: 'VarChar' };
    if (only('bool')) return { type: 'Bool' };
    if (only('int')) return { type: this.#isWide ? (this.#isText ? 'VarChar' : 'Double') : 'Int64' };
    if (only('int', 'float')) return { type: 'Double' };
    if (only('text')) return { type: 3 * this.longestText > MAX_VARCHAR_BYTES && this.longestText > MAX_VARCHAR_BYTES ? 'JSON' : 'VarChar' };
    if (only('sparse')) return { type: 'SparseFloatVector' };
    if (only('list')) return this.#listType();
    // Whatever it is, in CSV it is text.
    return { type: this.#isText && !only('list', 'object', 'sparse') ? 'VarChar' : 'JSON' };
  }

  #listType(): InferredType {
    const elements = this.#elements;
    const only = (...names: Kind[]): boolean => elements.size > 0 && [...elements].every((kind) => names.includes(kind));
    const length = this.#longest;
    if (only('int', 'float')) {
      if (this.#shortest === length && this.nulls === 0) {
        const [kind] = this.#lists.size === 1 ? this.#lists : [''];
        if (kind === 'Int8Array' && length >= MIN_DIM && length <= MAX_DIM) return { type: 'Int8Vector', dim: length };
        if (kind === 'Uint16Array' && length >= MIN_DIM && length <= MAX_DIM) return { type: 'Float16Vector', dim: length };
        if (length >= MIN_DIM && length <= MAX_DIM) return { type: 'FloatVector', dim: length };
      }
      if (length <= MAX_ARRAY_CAPACITY) return { type: 'Array', elementType: only('int') ? 'Int64' : 'Double' };
    }
    if (length > MAX_ARRAY_CAPACITY) return { type: 'JSON' };
    if (only('text')) return this.longestText > MAX_VARCHAR_BYTES ? { type: 'JSON' } : { type: 'Array', elementType: 'VarChar' };
    return only('bool') ? { type: 'Array', elementType: 'Bool' } : { type: elements.size === 0 ? 'Array' : 'JSON', ...(elements.size === 0 ? { elementType: 'VarChar' as const } : {}) };
  }
}

function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float';
    case 'string':
      return 'text';
    default:
      if (value instanceof Date) return 'text';
      if (isList(value)) return 'list';
      return isSparse(value) ? 'sparse' : 'object';
  }
}

/** `{ indices, values }`, as sparse vectors are written. An object with keys of digits may as well be a map. */
function isSparse(value: unknown): boolean {
  const { indices, values, ...others } = value as { readonly indices?: unknown; readonly values?: unknown };
  return isList(indices) && isList(values) && indices.length === values.length && Object.keys(others).length === 0;
}

/** The type as a file says it that was exported, if it is one that a field could have; null where it says none. */
export function statedType(stated: Readonly<Record<string, unknown>> | undefined): InferredType | null {
  const { dim, elementType, type } = (stated ?? {}) as Partial<Field>;
  if (type === undefined || !STATED.has(type)) return null;
  if (type.endsWith('Vector') && type !== 'SparseFloatVector') return Number.isInteger(dim) && dim! >= MIN_DIM && dim! <= MAX_BINARY_DIM ? { type, dim } : null;
  if (type === 'Array') return elementType !== undefined && ELEMENTS.has(elementType) ? { type, elementType } : null;
  return { type };
}

const ELEMENTS: ReadonlySet<string> = new Set(['Bool', 'Int8', 'Int16', 'Int32', 'Int64', 'Float', 'Double', 'VarChar']);
const STATED: ReadonlySet<string> = new Set([...ELEMENTS, 'JSON', 'Array', 'FloatVector', 'Float16Vector', 'BFloat16Vector', 'Int8Vector', 'BinaryVector', 'SparseFloatVector']);
