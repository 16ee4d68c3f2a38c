/** The views in their order. A new view is a folder and a line here. */
import type { View } from './view.ts';

export const VIEWS: readonly [View, ...View[]] = [
  { id: 'search', title: 'Search', load: (dataset) => dataset.loadSearch?.() ?? import('./list/list-view.tsx').then(({ ListView }) => ListView) },
  { id: 'add', title: 'Add data', isIndependent: true, load: () => import('./add/add-view.tsx').then(({ AddView }) => AddView) },
];
