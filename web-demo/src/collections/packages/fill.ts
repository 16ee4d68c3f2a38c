import { fillPackages } from '../../../sample/packages.mjs';
import type { PackageCollection } from '../../../sample/packages.mjs';
import type { FillContext } from '../dataset.ts';
import { shareOfBoth } from '../shares.ts';
import { packageSpace } from './package-space.ts';

export async function fill({ collection, openSample, firstShown, signal, onProgress }: FillContext): Promise<void> {
  await fillPackages(
    collection as unknown as PackageCollection,
    openSample,
    async (bytes, firstId) => (await packageSpace()).place(bytes, firstId),
    {
      signal,
      firstShown,
      onProgress: shareOfBoth({ step: 'packages', share: 0.6 }, onProgress),
    },
  );
}
