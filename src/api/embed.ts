/**
 * Vectors made of texts by the embedders that `connect` was given: for rows that come without a vector, and for searches in words. What an embedder answers is
 * checked like anything else that comes from outside. Imported when a handle of a collection with an embedder is made, or a search has texts.
 */
import type { ColumnBatch } from '../schema/column.ts';
import { toBatch } from '../schema/batch.ts';
import type { BatchKind } from '../schema/plain-batch.ts';
import type { SchemaPlan } from '../schema/plan.ts';
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import { scalarAt } from '../schema/scalar-column.ts';
import type { Field, FieldEmbedder, VectorType } from '../schema/types.ts';
import { VECTOR_TYPES } from '../schema/vector-types/index.ts';
import { tagOf } from '../schema/vector-types/matrix.ts';
import type { VectorTypeInfo } from '../schema/vector-types/vector-type.ts';
import { unlessAborted } from '../util/abort.ts';
import { ElanusError, throwIfAborted } from '../util/error.ts';
import type { Embedder } from './embedder.ts';
import { MAX_LIMIT, contextOf } from './options.ts';
import type { CollectionScope } from './scope.ts';

/** Texts of one call of an embedder: as many as fill a model's batch, few enough for progress and memory. */
const TEXTS_PER_CALL = 128;

/** What `connect` was given, checked. A Map is kept as it is, for functions that come later. */
export function toEmbedders(embedders: unknown): ReadonlyMap<string, Embedder> {
  if (embedders instanceof Map) {
    for (const [id, embed] of embedders) checkEmbedder(id, embed);
    return embedders as ReadonlyMap<string, Embedder>;
  }
  if (!isRecord(embedders)) refuse('embedders', NO_ROW, 'functions by the id of their model', show(embedders));
  const entries = Object.entries(embedders).filter(([, embed]) => embed !== undefined);
  for (const [id, embed] of entries) checkEmbedder(id, embed);
  return new Map(entries as [string, Embedder][]);
}

function checkEmbedder(id: unknown, embed: unknown): void {
  if (typeof embed !== 'function') refuse(`embedders.${String(id)}`, NO_ROW, 'a function from texts to vectors', show(embed));
}

/** A field whose vectors an embedder makes. */
export type EmbeddedField = Field & { readonly embedder: FieldEmbedder; readonly dim: number };

export const isEmbedded = (field: Field | undefined): field is EmbeddedField => field?.embedder !== undefined;

/**
 * As `toBatch`, with vectors made for the rows that have none. All else is checked first, so that nothing is embedded of what would be refused. INVALID_ARGUMENT for a row without
 * vector and text.
 */
export async function embeddedBatch({ plan, embedders }: Pick<CollectionScope, 'plan' | 'embedders'>, input: unknown, kind: BatchKind, signal: AbortSignal | undefined): Promise<ColumnBatch> {
  const missing = new Map<EmbeddedField, readonly number[]>();
  const withZeros = (info: VectorTypeInfo): VectorTypeInfo => ({
    ...info,
    toRows(label, values, dim, budget) {
      const field = plan.byName.get(label);
      if (!isEmbedded(field) || info.isMatrix(values)) return info.toRows(label, values, dim, budget);
      const rows = Array.from(values, (value, row) => (value === undefined || value === null ? row : -1)).filter((row) => row >= 0);
      if (rows.length === 0) return info.toRows(label, values, dim, budget);
      missing.set(field, rows);
      const zeros = new Float32Array(dim);
      return info.toRows(label, Array.from(values, (value) => value ?? zeros), dim, budget);
    },
  });
  const { FloatVector, Float16Vector, BFloat16Vector } = VECTOR_TYPES;
  const batch = toBatch(plan, input, kind, { ...VECTOR_TYPES, FloatVector: withZeros(FloatVector), Float16Vector: withZeros(Float16Vector), BFloat16Vector: withZeros(BFloat16Vector) });
  const asked = Array.from(missing, ([field, rows]) => ({ field, rows, texts: textsOf(plan, batch, field, rows) }));
  for (const { field, rows, texts } of asked) {
    const { dim } = field;
    const made = await embedTexts(embedders, field, texts, signal);
    const { values } = batch.columns.find(({ fieldId }) => fieldId === field.fieldId)!;
    rows.forEach((row, i) => (values as Float32Array).set(made.subarray(i * dim, (i + 1) * dim) as Float32Array, row * dim));
  }
  return batch;
}

/** What is to be embedded of the rows that have no vector. */
function textsOf({ byName }: SchemaPlan, batch: ColumnBatch, { name, embedder }: EmbeddedField, rows: readonly number[]): string[] {
  const { fieldId } = byName.get(embedder.input)!;
  const column = batch.columns.find((known) => known.fieldId === fieldId);
  return rows.map((row) => {
    const text = column === undefined ? undefined : scalarAt(column, row);
    if (typeof text !== 'string') refuse(embedder.input, row, `a text for the embedder ${show(embedder.id)}, because the row has no "${name}"`, text === null ? 'null' : 'nothing');
    return text;
  });
}

/** The function for a field's model. INVALID_ARGUMENT where `connect` was given none. */
export function embedderOf(embedders: CollectionScope['embedders'], { embedder, name }: EmbeddedField): Embedder {
  const embed = embedders?.get(embedder.id);
  if (embed !== undefined) {
    // A Map may have got anything meanwhile.
    checkEmbedder(embedder.id, embed);
    return embed;
  }
  const registered = [...(embedders?.keys() ?? [])];
  throw new ElanusError(
    'INVALID_ARGUMENT',
    `"${name}" is made by the embedder ${show(embedder.id)}, and connect was given no function for it (but for ${registered.map(show).join(', ') || 'none'}): pass connect(url, { embedders: { ${show(embedder.id)}: async (texts) => vectors } }), or give vectors`,
    { field: name, embedder: embedder.id, registered },
  );
}

/** A vector for each text, in the form of the field's column: shape (texts, dim). Equal texts are embedded once. */
export async function embedTexts(embedders: CollectionScope['embedders'], field: EmbeddedField, texts: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array | Uint16Array> {
  const { dim, embedder, name, type } = field;
  const embed = embedderOf(embedders, field);
  const numbers = new Map<string, number>();
  const places = texts.map((text) => numbers.get(text) ?? (numbers.set(text, numbers.size), numbers.size - 1));
  const unique = [...numbers.keys()];
  const info = VECTOR_TYPES[type as VectorType];
  const made = info.toRows(name, new Float32Array(unique.length * dim), dim, null).values as Float32Array;
  for (let from = 0; from < unique.length; from += TEXTS_PER_CALL) {
    throwIfAborted(signal);
    const vectors = await callEmbedder(embed, field, unique.slice(from, from + TEXTS_PER_CALL), signal);
    made.set(info.toRows(`embedders.${embedder.id}`, vectors, dim, null).values as Float32Array, from * dim);
  }
  if (unique.length === texts.length) return made;
  const out = new (made.constructor as Float32ArrayConstructor)(texts.length * dim);
  places.forEach((place, i) => out.set(made.subarray(place * dim, (place + 1) * dim), i * dim));
  return out;
}

/** What an embedder answers to so many texts, copied: shape (texts, dim). ABORTED at once when the signal fires. */
async function callEmbedder(embed: Embedder, { dim, embedder: { id }, name }: EmbeddedField, texts: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array> {
  const n = texts.length;
  const fail = (expected: string, got: string, cause?: unknown): never => {
    throw new ElanusError('INVALID_ARGUMENT', `embedder ${show(id)} expected ${expected}, got ${got}`, { field: name, embedder: id }, cause === undefined ? undefined : { cause });
  };
  let answer: unknown;
  let vectors: unknown[] | undefined;
  const out = new Float32Array(n * dim);
  try {
    answer = await unlessAborted(Promise.resolve(embed([...texts], signal === undefined ? {} : { signal })), signal);
    if (Array.isArray(answer) && answer.length === n) vectors = Array.from(answer);
  } catch (cause) {
    throwIfAborted(signal);
    fail(`to answer ${n} vectors`, `a failure: ${cause instanceof Error ? cause.message : show(cause)}`, cause);
  }
  if (vectors) {
    for (let i = 0; i < n; i++) {
      const vector = vectors[i];
      if (!isFloat32(vector)) fail('to answer vectors that are Float32Arrays', `${show(vector)} for text ${i}`);
      else if (vector.length !== dim) fail(`to answer vectors of ${dim} elements`, `one of ${vector.length} for text ${i}`);
      else out.set(vector, i * dim);
    }
  } else if (Array.isArray(answer)) fail(`to answer ${n} vectors, one for each text`, String(answer.length));
  else if (!isFloat32(answer)) fail('to answer an array of Float32Arrays or one flat Float32Array', show(answer));
  else if (answer.length !== n * dim) fail(`to answer ${n} x ${dim} = ${n * dim} elements`, String(answer.length));
  else out.set(answer);
  const bad = out.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) fail('to answer finite numbers', `${out[bad]} at element ${bad % dim} for text ${Math.floor(bad / dim)}`);
  return out;
}

const isFloat32 = (value: unknown): value is Float32Array => tagOf(value) === 'Float32Array';

const QUERIES: readonly string[] = ['text', 'texts', 'vector', 'vectors', 'sparse', 'ids'];

/** Options of a search with vectors in the place of its texts. */
export async function withVectors({ plan, embedders }: CollectionScope, options: unknown): Promise<Readonly<Record<string, unknown>>> {
  if (!isRecord(options)) refuse('options', NO_ROW, 'an object of options of search', show(options));
  const { text, texts, ...rest } = options;
  if (text === undefined && texts === undefined) return options;
  const given = QUERIES.filter((name) => options[name] !== undefined);
  if (given.length > 1) refuse(given[0]!, NO_ROW, 'one kind of query', given.join(' and '));
  const isOne = texts === undefined;
  if (isOne) checkText('text', NO_ROW, text);
  else {
    if (!Array.isArray(texts)) refuse('texts', NO_ROW, 'an array of texts', show(texts));
    if (texts.length < 1 || texts.length > MAX_LIMIT) refuse('texts', NO_ROW, `1 to ${MAX_LIMIT} texts`, String(texts.length));
    for (let i = 0; i < texts.length; i++) checkText('texts', i, texts[i]);
  }
  const field = searchedField(plan, rest['field']);
  const signal = rest['signal'] as AbortSignal | undefined;
  contextOf(signal);
  const vectors = await embedTexts(embedders, field, isOne ? [text as string] : [...(texts as string[])], signal);
  return { ...rest, field: field.name, [isOne ? 'vector' : 'vectors']: vectors };
}

function checkText(label: string, row: number, text: unknown): asserts text is string {
  if (typeof text !== 'string') refuse(label, row, 'a text', text === undefined ? 'nothing' : show(text));
}

/** The field of the vectors that are made of texts: the one that was named, or the only one. */
function searchedField({ vectors }: SchemaPlan, name: unknown): EmbeddedField {
  const fields = vectors.filter(isEmbedded);
  const names = fields.map((field) => field.name).join(', ');
  if (fields.length === 0) refuse('text', NO_ROW, "a schema that names an embedder of the field (embedder: { id, input }, or collection.reembed for rows that are there): search by vector instead", 'one without');
  if (name === undefined && fields.length > 1) refuse('field', NO_ROW, `a field with an embedder (${names}): there are several`, 'none');
  const found = name === undefined ? fields[0] : fields.find((field) => field.name === name);
  if (found === undefined) refuse('field', NO_ROW, `a field with an embedder (${names}): search others by vector`, show(name));
  return found;
}
