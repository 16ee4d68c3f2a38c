import { buildIndex, eachBlock, insertMissing } from '../../../sample/fill.mjs';
import type { FillContext } from '../dataset.ts';
import { ART_INDEX, middleYears, wordsOf } from './fields.ts';

/** What loading contributes to the whole bar; the rest is the index. */
const LOADING = 0.6;

export async function fillArt({ collection, openSample, firstShown, signal, onProgress }: FillContext): Promise<void> {
  const source = await openSample();
  await eachBlock(source.description.art.blocks, {
    load: (index, onShare) => source.artBlock(index, { signal, onShare }),
    use: ({ columns, vectors }) => insertMissing(collection, 'id', { ...columns, year: middleYears(columns), words: wordsOf(columns), picture: vectors }),
    afterFirst: firstShown,
    signal,
    onRows: (done, total) => onProgress({ label: 'Loading works', done, total, share: (LOADING * done) / total }),
  });
  await buildIndex(collection, 'picture', ART_INDEX, {
    signal,
    onProgress: ({ done, total }) => onProgress({ label: 'Indexing works', done, total, share: LOADING + ((1 - LOADING) * done) / total }),
  });
}
