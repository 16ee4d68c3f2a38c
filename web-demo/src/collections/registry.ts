/** The collections in their order: those that come with the page, and the visitor's own. A new one is a folder and a line here. */
import { createStore } from '../util/store.ts';
import type { Dataset } from './dataset.ts';
import { art } from './art/dataset.ts';
import { images } from './images/dataset.ts';
import { packages } from './packages/dataset.ts';
import { papers } from './papers/dataset.ts';

export const SHIPPED: readonly [Dataset, ...Dataset[]] = [images, art, papers, packages];

export const datasets = createStore<{ readonly all: readonly [Dataset, ...Dataset[]] }>({ all: SHIPPED });

/** The visitor's own behind the shipped ones. */
export function setOwn(own: readonly Dataset[]): void {
  datasets.set({ all: [...SHIPPED, ...own] });
}
