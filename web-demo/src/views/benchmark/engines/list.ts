/** The engines. Versions are those that are installed: a test holds them together. */
import type { EngineInfo } from './engine.ts';

export const ENGINES: readonly EngineInfo[] = [
  {
    id: 'elanus', name: 'Elanus', version: '0.1.0', what: 'AssemblyScript to WebAssembly, HNSW over the vectors',
    remark: 'Called through its public API, one awaited search at a time, engine and caller on one thread. Its indexes over codes are faster than the one measured here.',
  },
  {
    id: 'edgevec', name: 'EdgeVec', version: '0.9.0', what: 'Rust to WebAssembly, HNSW over the vectors',
    remark: 'Its breadth is fixed when an index is made, so each breadth is an index of its own; build time and memory are of one. Its cosine finds the least alike, so it was given vectors of unit length, made beforehand, and L2, which orders those as cosine does.',
  },
  { id: 'orama', name: 'Orama', version: '3.1.18', what: 'TypeScript, a scan of every row', remark: 'Has no vector index: its answers are exact, and take longer with every row. What it keeps in memory is not known.' },
  {
    id: 'hnswlib-wasm', name: 'hnswlib-wasm', version: '0.8.2', what: 'C++ to WebAssembly, HNSW over the vectors',
    remark: 'Takes plain arrays or typed ones; it was given typed ones, made beforehand. Its glue compiles code from text where a worker may do so.',
  },
];
