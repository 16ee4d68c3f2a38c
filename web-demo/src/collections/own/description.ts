/** What the page keeps of a collection that a visitor made, besides its rows: enough to show it, to search it in words, and to go on with it. */
import type { FieldInfo, VectorInfo } from '../dataset.ts';

/** How a file is read. */
export interface Reading {
  /** Null: by its name and its first bytes. */
  readonly format: string | null;
  /** CSV: the first row has the names. */
  readonly header: boolean;
  /** Text: a row a passage, or a row a file. */
  readonly split: 'passage' | 'file';
}

/** What makes the vectors of a collection. */
export type EmbedderInfo =
  /** A latent space of the collection's own texts, whose bytes lie beside the description. */
  | { readonly kind: 'latent'; readonly id: string; readonly dim: number; readonly terms: number }
  | { readonly kind: 'model'; readonly id: string }
  /** They came in the file. */
  | { readonly kind: 'file' };

export interface Description {
  /** Its name in the database. */
  readonly id: string;
  readonly title: string;
  /** `making`: rows are missing, or the index is. */
  readonly state: 'making' | 'whole';
  readonly made: number;
  readonly source: { readonly name: string; readonly bytes: number };
  readonly reading: Reading;
  /** Rows when it is whole. */
  readonly rows: number;
  /** As `defineSchema` takes it. */
  readonly schema: unknown;
  /** Which column each field is made of. */
  readonly columns: readonly (readonly [field: string, column: string])[];
  /** Columns of integers that are written as text. */
  readonly asText: readonly string[];
  readonly key: string;
  readonly keyType: 'number' | 'string';
  readonly vector: VectorInfo;
  readonly embedder: EmbedderInfo;
  /** Columns whose texts are embedded, one behind the other. */
  readonly embedded: readonly string[];
  readonly fields: readonly FieldInfo[];
  /** The field that names a row. */
  readonly label?: string;
  /** Fields of text that a card shows at length. */
  readonly texts: readonly string[];
  /** Other fields of a card, with their titles. */
  readonly facts: readonly (readonly [field: string, title: string])[];
  /** Searches to try. */
  readonly examples: readonly string[];
}

const VERSION = 1;

export const encodeDescription = (description: Description): string => JSON.stringify({ version: VERSION, ...description });

/** Null for a text that no version of this page wrote, or a later one. */
export function decodeDescription(text: string): Description | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || value['version'] !== VERSION || !isDescription(value)) return null;
  const { version: _, ...description } = value;
  return description as unknown as Description;
}

type Check = (value: unknown) => boolean;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText: Check = (value) => typeof value === 'string';
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const oneOf = (...values: readonly unknown[]): Check => (value) => values.includes(value);
const listOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);
const pair: Check = (value) => listOf(isText)(value) && (value as unknown[]).length === 2;
const optional = (check: Check): Check => (value) => value === undefined || check(value);
const shape = (checks: Readonly<Record<string, Check>>): Check => (value) => isRecord(value) && Object.entries(checks).every(([name, check]) => check(value[name]));

const isEmbedder: Check = (value) =>
  shape({ kind: oneOf('file') })(value) || shape({ kind: oneOf('model'), id: isText })(value) || shape({ kind: oneOf('latent'), id: isText, dim: isCount, terms: isCount })(value);

const isDescription = shape({
  id: (value) => typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(value),
  title: isText,
  state: oneOf('making', 'whole'),
  made: isCount,
  source: shape({ name: isText, bytes: isCount }),
  reading: shape({ format: (value) => value === null || isText(value), header: oneOf(true, false), split: oneOf('passage', 'file') }),
  rows: isCount,
  schema: shape({ fields: isRecord }),
  columns: listOf(pair),
  asText: listOf(isText),
  key: isText,
  keyType: oneOf('number', 'string'),
  vector: shape({ field: isText, dim: isCount, metric: oneOf('L2', 'IP', 'COSINE') }),
  embedder: isEmbedder,
  embedded: listOf(isText),
  fields: listOf(shape({ name: isText, title: isText, kind: oneOf('category', 'number', 'flag', 'tags', 'text') })),
  label: optional(isText),
  texts: listOf(isText),
  facts: listOf(pair),
  examples: listOf(isText),
});
