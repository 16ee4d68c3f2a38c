import { useEffect, useState } from 'preact/hooks';
import type { FieldInfo } from '../../collections/dataset.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import { formatCount } from '../../util/format.ts';
import { changeParams } from '../../util/route.ts';
import { useStore } from '../../util/store.ts';
import { paramOf } from './filter.ts';

/** The values of a category that are offered: the most frequent ones. */
const OFFERED = 60;

/** Controls for the fields that one filters by. */
export function Facets({ open, params }: { open: OpenCollection; params: URLSearchParams }) {
  // A tag is chosen on a card that has it; here it is let go.
  const fields = open.dataset.fields.filter((field) => field.kind !== 'text' && (field.kind !== 'tags' || params.has(paramOf(field))));
  if (fields.length === 0) return null;
  return (
    <div class="facets">
      {fields.map((field) =>
        field.kind === 'number' ? (
          <NumberFacet key={field.name} field={field} params={params} />
        ) : field.kind === 'tags' ? (
          <TagFacet key={field.name} field={field} tag={params.get(paramOf(field))!} />
        ) : (
          <ChoiceFacet key={field.name} open={open} field={field} chosen={params.get(paramOf(field)) ?? ''} />
        ),
      )}
    </div>
  );
}

function NumberFacet({ field, params }: { field: FieldInfo; params: URLSearchParams }) {
  return (
    <fieldset class="facet">
      <legend>{field.title}</legend>
      {(['from', 'to'] as const).map((bound) => (
        <input
          key={bound}
          type="number"
          aria-label={`${field.title}, ${bound}`}
          placeholder={bound}
          value={params.get(paramOf(field, bound)) ?? ''}
          onInput={(event) => changeParams({ [paramOf(field, bound)]: event.currentTarget.value, pick: null }, { replace: true })}
        />
      ))}
    </fieldset>
  );
}

function TagFacet({ field, tag }: { field: FieldInfo; tag: string }) {
  return (
    <div class="facet">
      <span>{field.title}</span>
      <button type="button" class="chip" aria-label={`${field.title} ${tag}: show all`} onClick={() => changeParams({ [paramOf(field)]: null, pick: null })}>
        {tag} <span aria-hidden="true">×</span>
      </button>
    </div>
  );
}

function ChoiceFacet({ open, field, chosen }: { open: OpenCollection; field: FieldInfo; chosen: string }) {
  const choices = useChoices(open, field);
  return (
    <label class="facet">
      <span>{field.title}</span>
      <select value={chosen} onChange={(event) => changeParams({ [paramOf(field)]: event.currentTarget.value, pick: null })}>
        <option value="">All</option>
        {chosen !== '' && !choices.some(({ value }) => value === chosen) && <option value={chosen}>{chosen}</option>}
        {choices.map(({ value, rows }) => (
          <option key={value} value={value}>
            {field.names?.[Number(value)] ?? value} ({formatCount(rows)})
          </option>
        ))}
      </select>
    </label>
  );
}

/** The values that a field has, the most frequent first. */
function useChoices({ collection, state }: OpenCollection, field: FieldInfo): readonly { readonly value: string; readonly rows: number }[] {
  const { version } = useStore(state);
  const [choices, setChoices] = useState<readonly { readonly value: string; readonly rows: number }[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    const groups = collection.query({ groupBy: field.name, outputFields: ['count(*)'], orderBy: 'count(*):desc', limit: OFFERED, signal: abort.signal }) as Promise<Record<string, unknown>[]>;
    groups.then(
      (rows) => setChoices(rows.filter((row) => row[field.name] !== null && row[field.name] !== '').map((row) => ({ value: String(row[field.name]), rows: Number(row['count(*)']) }))),
      (error: unknown) => abort.signal.aborted || console.warn('elanus demo:', error),
    );
    return () => abort.abort();
  }, [collection, field, version]);
  return choices;
}
