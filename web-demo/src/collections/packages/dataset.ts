/** Packages of Debian: names and descriptions in a latent space, in which what is typed has its place too. */
import { defineSchema } from 'elanus';
import { arePackagesComplete, packageSchema, PACKAGES } from '../../../sample/packages.mjs';
import type { PackageCollection } from '../../../sample/packages.mjs';
import type { Dataset } from '../dataset.ts';

export const packages: Dataset = {
  id: 'packages',
  title: 'Packages',
  about:
    '63,436 packages of Debian 12, by name and description. Their words were counted, and the 128 strongest directions of the counts kept (TF-IDF, truncated SVD): texts are near whose words keep like company. What you type is placed there in this tab, by arithmetic; there is no model.',
  noun: { one: 'package', many: 'packages' },
  key: 'id',
  keyType: 'number',
  vector: { field: 'embedding', dim: PACKAGES.dim, metric: 'COSINE' },
  fields: [
    { name: 'section', title: 'Section', kind: 'category' },
    { name: 'installed_kb', title: 'Installed, kB', kind: 'number' },
    { name: 'arch', title: 'Architecture', kind: 'category' },
    { name: 'priority', title: 'Priority', kind: 'category' },
    { name: 'size', title: 'Download, bytes', kind: 'number' },
    { name: 'n_depends', title: 'Dependencies', kind: 'number' },
    { name: 'essential', title: 'Essential', kind: 'flag' },
    { name: 'tags', title: 'Tag', kind: 'tags' },
  ],
  label: 'name',
  cardFields: ['name', 'text', 'section', 'installed_kb', 'n_depends', 'tags'],
  rows: PACKAGES.rows,
  schema: packageSchema(defineSchema),
  firstFiles: ['sample.json', 'packages-space.gz', 'packages-0.gz'],
  keptFiles: ['sample.json', 'packages-space.gz'],
  warm: () => void import('./package-space.ts').then(({ packageSpace }) => packageSpace()).catch(() => {}),
  isComplete: ({ collection }) => arePackagesComplete(collection as unknown as PackageCollection),
  fill: async (context) => (await import('./fill.ts')).fill(context),
  loadText: async () => (await import('./text.ts')).loadText(),
  loadCard: async () => (await import('./package-card.tsx')).PackageCard,
};
