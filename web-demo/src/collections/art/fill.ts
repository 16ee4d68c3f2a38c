import { buildIndex, eachBlock, insertMissing } from '../../../sample/fill.mjs';
import type { FillContext } from '../dataset.ts';
import { shareOfBoth } from '../shares.ts';
import { ART_INDEX, middleYears, wordsOf } from './fields.ts';

export async function fillArt({ collection, openSample, firstShown, signal, onProgress }: FillContext): Promise<void> {
  const source = await openSample();
  const tell = shareOfBoth({ step: 'art', share: 0.6 }, onProgress);
  await eachBlock(source.description.art.blocks, {
    load: (index, onShare) => source.artBlock(index, { signal, onShare }),
    use: ({ columns, vectors }) => insertMissing(collection, 'id', { ...columns, year: middleYears(columns), words: wordsOf(columns), picture: vectors }),
    afterFirst: firstShown,
    signal,
    onRows: (done, total) => tell({ step: 'art', label: 'Loading works', done, total }),
  });
  await buildIndex(collection, 'picture', ART_INDEX, {
    signal,
    onProgress: ({ done, total }) => tell({ step: 'art-index', label: 'Indexing works', done, total }),
  });
}
