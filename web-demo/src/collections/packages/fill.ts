import { fillPackages } from '../../../sample/packages.mjs';
import type { PackageCollection, PackageProgress } from '../../../sample/packages.mjs';
import type { FillContext } from '../dataset.ts';
import { packageSpace } from './package-space.ts';

/** What each step of the first visit contributes to the whole bar. */
const SHARES: Record<PackageProgress['step'], { readonly from: number; readonly of: number }> = { packages: { from: 0, of: 0.6 }, 'package-index': { from: 0.6, of: 0.4 } };

export async function fill({ collection, openSample, firstShown, signal, onProgress }: FillContext): Promise<void> {
  await fillPackages(
    collection as unknown as PackageCollection,
    openSample,
    async (bytes, firstId) => (await packageSpace()).place(bytes, firstId),
    {
      signal,
      firstShown,
      onProgress: ({ step, label, done, total }) => {
        const { from, of } = SHARES[step];
        onProgress({ label, done, total, share: from + (of * done) / total });
      },
    },
  );
}
