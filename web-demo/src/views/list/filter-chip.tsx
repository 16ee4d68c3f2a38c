import type { Dataset } from '../../collections/dataset.ts';
import { changeParams, hashOf } from '../../util/route.ts';

/** The filter that the search is within, with a way to its view and one to be rid of it. */
export function FilterChip({ dataset, written }: { dataset: Dataset; written: string }) {
  if (written.trim() === '') return null;
  return (
    <p class="filter-chip">
      <a href={hashOf(dataset.id, 'filter', new URLSearchParams({ filter: written }))} title="Change it in the filter view">
        Where <code>{written}</code>
      </a>
      <button type="button" aria-label="Search without this filter" title="Search without this filter" onClick={() => changeParams({ filter: null, pick: null })}>
        <span aria-hidden="true">×</span>
      </button>
    </p>
  );
}
