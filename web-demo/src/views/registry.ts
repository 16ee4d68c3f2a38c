/** The views in their order. A new view is a folder and a line here. */
import type { View } from './view.ts';

export const VIEWS: readonly [View, ...View[]] = [
  { id: 'search', title: 'Search', load: (dataset) => dataset.loadSearch?.() ?? import('./list/list-view.tsx').then(({ ListView }) => ListView) },
  { id: 'map', title: 'Map', load: async () => (await import('./map/map-view.tsx')).MapView },
  { id: 'lab', title: 'Index lab', load: async () => (await import('./lab/lab-view.tsx')).LabView },
  { id: 'filter', title: 'Filter', load: async () => (await import('./filter/filter-view.tsx')).FilterView },
  { id: 'benchmark', title: 'Benchmark', load: async () => (await import('./benchmark/benchmark-view.tsx')).BenchmarkView },
  { id: 'storage', title: 'Storage', load: async () => (await import('./storage/storage-view.tsx')).StorageView },
  { id: 'add', title: 'Add data', isIndependent: true, load: () => import('./add/add-view.tsx').then(({ AddView }) => AddView) },
];
