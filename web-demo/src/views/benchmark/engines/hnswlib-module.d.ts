/** The WebAssembly module of hnswlib-wasm, below the package's own loader. */
declare module 'hnswlib-wasm/dist/hnswlib-317962d7.js' {
  interface HnswIndex {
    initIndex(rows: number, m: number, efConstruction: number, seed: number): void;
    addPoint(point: Float32Array, label: number, replaceDeleted: boolean): void;
    setEfSearch(ef: number): void;
    searchKnn(query: Float32Array, k: number, filter: undefined): { readonly distances: readonly number[]; readonly neighbors: readonly number[] };
  }
  export default function createModule(): Promise<{
    readonly HierarchicalNSW: new (space: 'cosine', dim: number, autoSaveFile: string) => HnswIndex;
    readonly HEAPU8: Uint8Array;
  }>;
}
