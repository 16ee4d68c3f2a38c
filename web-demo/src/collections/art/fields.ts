/** What an artwork is in the database, beside what the museum says of it. */
import type { ArtColumns } from '../../../sample/source.mjs';

export const ART_DIM = 512;

export const ART_INDEX = { type: 'HNSW', metric: 'COSINE', params: { M: 16, efConstruction: 200 } } as const;

/** The middle of the years in which a work was made, or the one end that is known: what it is filtered and coloured by. */
export function middleYears({ year_from, year_to }: Pick<ArtColumns, 'year_from' | 'year_to'>): (number | null)[] {
  return year_from.map((from, row) => {
    const to = year_to[row];
    return from === null ? to : to === null ? from : Math.round((from + to) / 2);
  });
}

/** The text that typed words are looked for in. */
export function wordsOf({ title, artist, culture, tags }: ArtColumns): string[] {
  return title.map((text, row) => [text, artist[row], culture[row] ?? '', ...tags[row]].filter((part) => part !== '').join(' · '));
}
