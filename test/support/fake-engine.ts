/**
 * An engine of a Map per collection and exact search, for tests of the API alone. It is stricter than a real one: all
 * that is sent is cloned and its buffers are taken away, as a worker would, so that a request that holds something
 * uncloneable or a buffer of the caller is found out.
 */
import type { CollectionInfo, EngineClient, EngineEvent, EngineLauncher, SearchReply, SearchRequest } from '../../src/engine/client.ts';
import type { Column, ColumnBatch, Keys } from '../../src/schema/column.ts';
import { emptyColumn, sliceRows, takeFrom } from '../../src/schema/column-ops.ts';
import { columnKeys } from '../../src/schema/keys.ts';
import type { Field, IndexSpec, MetricType, Schema } from '../../src/schema/types.ts';
import { ElanusError, throwIfAborted } from '../../src/util/error.ts';

const INDEX_PARAMS: Record<string, readonly string[]> = { FLAT: [], HNSW: ['M', 'efConstruction'], HNSW_SQ: ['M', 'efConstruction', 'sq_type', 'refine', 'refine_type'] };
const SEARCH_PARAMS: Record<string, readonly string[]> = { FLAT: [], HNSW: ['ef'], HNSW_SQ: ['ef', 'refine_k'] };

type Row = readonly Column[];

interface State {
  readonly info: CollectionInfo;
  readonly indexes: Record<string, IndexSpec>;
  readonly rows: Map<bigint | string, Row>;
  nextAutoId: bigint;
}

/** What a fake engine is asked to do otherwise than a good one would. */
export interface FakeBehaviour {
  /** Answer searches without a promise. */
  readonly isSync?: boolean;
}

/** A launcher of fake engines, with a handle on the events of the last one. */
export function fakeLauncher(behaviour: FakeBehaviour = {}): { launch: EngineLauncher; emit: (event: EngineEvent) => void; requests: Parameters<EngineLauncher>[0][] } {
  let onEvent: (event: EngineEvent) => void = () => {};
  const requests: Parameters<EngineLauncher>[0][] = [];
  return {
    requests,
    emit: (event) => onEvent(event),
    launch: async (request, context) => {
      throwIfAborted(context.signal);
      requests.push(structuredClone(request));
      onEvent = context.onEvent;
      context.onProgress?.({ phase: 'recover', done: 1, total: 1 });
      return new FakeEngine(behaviour);
    },
  };
}

class FakeEngine implements EngineClient {
  readonly #behaviour: FakeBehaviour;
  readonly #collections = new Map<string, State>();
  #nextId = 1;
  #clock = 1n;
  #isClosed = false;

  constructor(behaviour: FakeBehaviour) {
    this.#behaviour = behaviour;
  }

  async createCollection(request: { name: string; schema: Schema; ifNotExists: boolean }): Promise<CollectionInfo> {
    const { name, schema, ifNotExists } = this.#receive(request);
    const present = this.#collections.get(name);
    if (present !== undefined) {
      if (ifNotExists) return present.info;
      throw new ElanusError('ALREADY_EXISTS', `collection "${name}" exists`);
    }
    const indexes: Record<string, IndexSpec> = {};
    for (const field of schema.fields) if (field.index !== undefined) indexes[field.name] = checkSpec(field.index);
    const info: CollectionInfo = { collectionId: this.#nextId++, name, schema, indexes, createdTimestamp: this.#clock++ };
    this.#collections.set(name, { info, indexes, rows: new Map(), nextAutoId: 1n });
    return structuredClone(info);
  }

  async describeCollection({ name }: { name: string }): Promise<CollectionInfo> {
    return structuredClone(this.#byName(name).info);
  }

  async listCollections(): Promise<string[]> {
    return [...this.#collections.keys()];
  }

  async dropCollection({ name }: { name: string }): Promise<void> {
    this.#byName(name);
    this.#collections.delete(name);
  }

  async insert(request: { collectionId: number; batch: ColumnBatch }, context?: { signal?: AbortSignal }) {
    const { collectionId, batch } = this.#receive(request);
    throwIfAborted(context?.signal);
    const state = this.#byId(collectionId);
    const { fields } = state.info.schema;
    const key = keyField(state);
    const columns = [...batch.columns];
    if (key.autoId) {
      const values = BigInt64Array.from({ length: batch.rows }, () => state.nextAutoId++);
      columns.splice(fields.indexOf(key), 0, { ...emptyColumn(key), length: batch.rows, values });
    }
    // The contract of a batch: every field, in schema order, of as many rows.
    columns.forEach((column, i) => {
      if (column.fieldId !== fields[i].fieldId || column.type !== fields[i].type || column.length !== batch.rows) throw new Error(`column ${i} of the batch is not field ${i}`);
    });
    if (columns.length !== fields.length) throw new Error(`${columns.length} columns for ${fields.length} fields`);
    const keys = columnKeys(columns[fields.indexOf(key)]);
    for (let row = 0; row < batch.rows; row++) state.rows.set(keys[row], columns.map((column) => sliceRows(column, row, row + 1)));
    return { keys: structuredClone(keys), timestamp: this.#clock++ };
  }

  async delete(request: { collectionId: number; keys: Keys }) {
    const { collectionId, keys } = this.#receive(request);
    const { rows } = this.#byId(collectionId);
    let count = 0;
    for (const key of keys) if (rows.delete(key)) count++;
    return { count, timestamp: this.#clock++ };
  }

  search(request: SearchRequest, context?: { signal?: AbortSignal }): SearchReply | Promise<SearchReply> {
    const reply = structuredClone(this.#search(this.#receive(request)));
    throwIfAborted(context?.signal);
    return this.#behaviour.isSync ? reply : Promise.resolve(reply);
  }

  #search({ collectionId, fieldId, queries, nq, limit, offset, params, outputFieldIds }: SearchRequest): SearchReply {
    const state = this.#byId(collectionId);
    const { fields } = state.info.schema;
    const field = fields[fieldId];
    const spec = state.indexes[field.name];
    for (const name of Object.keys(params ?? {})) {
      if (!SEARCH_PARAMS[spec?.type ?? 'HNSW'].includes(name)) throw new ElanusError('INVALID_ARGUMENT', `"${name}" is no search parameter`);
    }
    const dim = field.dim as number;
    // It knows f32 vectors alone.
    const matrix = queries as Float32Array;
    if (matrix.length !== nq * dim) throw new Error('queries do not fit nq and dim');
    const metric = spec?.metric ?? 'COSINE';
    const ends = new Uint32Array(nq);
    const found: { key: bigint | string; score: number; row: Row }[] = [];
    for (let q = 0; q < nq; q++) {
      const query = matrix.subarray(q * dim, (q + 1) * dim);
      const scored = [...state.rows].map(([key, row]) => ({ key, row, score: score(metric, query, row[fieldId].values as Float32Array) }));
      scored.sort((a, b) => (metric === 'L2' ? a.score - b.score : b.score - a.score) || (a.key < b.key ? -1 : 1));
      found.push(...scored.slice(offset, offset + limit));
      ends[q] = found.length;
    }
    return {
      ends,
      keys: toKeyList(keyField(state), found.map(({ key }) => key)),
      scores: Float32Array.from(found, (hit) => hit.score),
      entities: outputFieldIds.length === 0 ? null : gather(fields, outputFieldIds, found.map(({ row }) => row)),
    };
  }

  async get(request: { collectionId: number; keys: Keys; outputFieldIds: readonly number[] }) {
    const { collectionId, keys, outputFieldIds } = this.#receive(request);
    const state = this.#byId(collectionId);
    const rows: Row[] = [];
    const found = Int32Array.from(keys as readonly string[], (key) => {
      const row = state.rows.get(key);
      return row === undefined ? -1 : rows.push(row) - 1;
    });
    return { found, entities: gather(state.info.schema.fields, outputFieldIds, rows) };
  }

  async count({ collectionId }: { collectionId: number }): Promise<number> {
    return this.#byId(collectionId).rows.size;
  }

  async flush({ collectionId }: { collectionId: number }): Promise<void> {
    this.#byId(collectionId);
  }

  async createIndex(request: { collectionId: number; fieldId: number; spec: { type: string; metric?: MetricType; params?: Record<string, unknown> } }): Promise<IndexSpec> {
    const { collectionId, fieldId, spec } = this.#receive(request);
    const state = this.#byId(collectionId);
    const { name } = state.info.schema.fields[fieldId];
    const complete = checkSpec({ type: spec.type, metric: spec.metric ?? state.indexes[name]?.metric ?? 'COSINE', params: (spec.params ?? {}) as IndexSpec['params'] });
    state.indexes[name] = complete;
    return complete;
  }

  async dropIndex({ collectionId, fieldId }: { collectionId: number; fieldId: number }): Promise<void> {
    const state = this.#byId(collectionId);
    const { name } = state.info.schema.fields[fieldId];
    if (!Object.hasOwn(state.indexes, name)) throw new ElanusError('NOT_FOUND', `field "${name}" has no index`);
    delete state.indexes[name];
  }

  async describeIndex(request: { collectionId: number; fieldId: number }) {
    const state = this.#byId(request.collectionId);
    const { name } = state.info.schema.fields[request.fieldId];
    if (!Object.hasOwn(state.indexes, name)) throw new ElanusError('NOT_FOUND', `field "${name}" has no index`);
    const spec = state.indexes[name];
    const serving = [{ type: spec.type, params: spec.params, rows: state.rows.size }];
    return { field: name, spec, servedBy: spec, serving, ...(await this.indexProgress(request)) };
  }

  async indexProgress({ collectionId, fieldId }: { collectionId: number; fieldId: number }) {
    const state = this.#byId(collectionId);
    const isIndexed = Object.hasOwn(state.indexes, state.info.schema.fields[fieldId].name);
    return { state: isIndexed ? 'finished' : 'none', indexedRows: isIndexed ? state.rows.size : 0, totalRows: state.rows.size } as const;
  }

  async collectionStats({ collectionId }: { collectionId: number }) {
    return { rows: this.#byId(collectionId).rows.size, deletedRows: 0, memoryBytes: 0, storedBytes: 0, logBytes: 0, segments: [] };
  }

  async databaseStats() {
    this.#receive(null);
    const recovery = { openMs: 0, replayedRecords: 0, replayedRows: 0, droppedBytes: 0 };
    return {
      collections: this.#collections.size, kernels: 'scalar', kernelsReason: 'fake', engineThread: 'calling', buildThread: 'calling', store: 'memory', memoryBytes: 0,
      cache: { residentBytes: 0, budgetBytes: 0, rowCacheBytes: 0 }, usage: 0, quota: null, recovery,
    } as const;
  }

  async close(): Promise<void> {
    this.#receive(null);
    this.#isClosed = true;
  }

  /** The request as another thread would get it; whoever sent it has lost its buffers. */
  #receive<T>(request: T): T {
    if (this.#isClosed) throw new Error('called after close: the API must refuse that itself');
    const buffers = new Set<ArrayBuffer>();
    collectBuffers(request, buffers);
    return structuredClone(request, { transfer: [...buffers] });
  }

  #byName(name: string): State {
    const state = this.#collections.get(name);
    if (state === undefined) throw new ElanusError('NOT_FOUND', `no collection "${name}"`);
    return state;
  }

  #byId(collectionId: number): State {
    for (const state of this.#collections.values()) if (state.info.collectionId === collectionId) return state;
    throw new ElanusError('NOT_FOUND', 'the collection was dropped');
  }
}

const keyField = (state: State): Field => state.info.schema.fields.find((field) => field.primaryKey) as Field;

function checkSpec(spec: IndexSpec): IndexSpec {
  const known = INDEX_PARAMS[spec.type];
  if (known === undefined) throw new ElanusError('INVALID_ARGUMENT', `no index "${spec.type}"`);
  for (const name of Object.keys(spec.params)) if (!known.includes(name)) throw new ElanusError('INVALID_ARGUMENT', `"${name}" is no parameter`);
  return spec;
}

function score(metric: MetricType, a: Float32Array, b: Float32Array): number {
  let dot = 0;
  let distance = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    distance += (a[i] - b[i]) ** 2;
  }
  if (metric === 'L2') return distance;
  if (metric === 'IP') return dot;
  return dot / (Math.hypot(...a) * Math.hypot(...b) || 1);
}

function toKeyList(key: Field, keys: readonly (bigint | string)[]): Keys {
  return key.type === 'Int64' ? BigInt64Array.from(keys as bigint[]) : (keys as string[]);
}

function gather(fields: readonly Field[], ids: readonly number[], rows: readonly Row[]): ColumnBatch {
  const columns = ids.map((id) => takeFrom(rows.map((row) => ({ column: row[id], row: 0 })), emptyColumn(fields[id])));
  return { rows: rows.length, columns };
}

function collectBuffers(value: unknown, into: Set<ArrayBuffer>): void {
  if (ArrayBuffer.isView(value)) into.add(value.buffer as ArrayBuffer);
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) collectBuffers(part, into);
}
