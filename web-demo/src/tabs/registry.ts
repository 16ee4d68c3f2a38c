/** The tabs in their order. A new tab is a folder and a line here. */
import type { Tab } from './tab.ts';

export const TABS: readonly [Tab, ...Tab[]] = [
  { id: 'images', title: 'Images', load: async () => (await import('./images/images-tab.tsx')).ImagesTab },
  { id: 'text', title: 'Text', load: async () => (await import('./text/text-tab.tsx')).TextTab },
];
