import { create, insertMultiple, searchVector } from '@orama/orama';
import { rowOf } from '../../../measure/truth.ts';
import { timed } from './engine.ts';
import type { Engine } from './engine.ts';

const BATCH = 500;

export const engine: Engine = {
  async build(matrix, _params, queries, k, _breadths, onProgress) {
    const { rows, dim } = matrix;
    const database = create({ schema: { vector: `vector[${dim}]` } as const });
    const documents = Array.from({ length: rows }, (_, row) => ({ id: String(row), vector: Array.from(rowOf(matrix, row)) }));
    const requests = queries.map((query) => ({ mode: 'vector' as const, vector: { value: Array.from(query), property: 'vector' as const }, similarity: -1, limit: k, includeVectors: false }));
    const buildMs = await timed(async () => {
      for (let from = 0; from < rows; from += BATCH) {
        await insertMultiple(database, documents.slice(from, from + BATCH), BATCH, undefined, undefined, 0);
        onProgress(Math.min(1, (from + BATCH) / rows));
      }
    });
    return {
      buildMs,
      memory: null,
      ways: [
        {
          breadth: null,
          prepare() {},
          search: (query) => searchVector(database, requests[query]),
          rowsOf: (answer) => (answer as { readonly hits: readonly { readonly id: string }[] }).hits.map(({ id }) => Number(id)),
        },
      ],
      note: null,
    };
  },
};
