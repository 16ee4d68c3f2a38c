/** Real and synthetic vector sets for tests; see `bench/datasets.mjs`, which the benches use as it is. */
export * from '../../bench/datasets.mjs';
export type { Matrix, Neighbours, VectorSet } from '../../bench/datasets.mjs';
