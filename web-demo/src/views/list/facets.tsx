import { useEffect, useState } from 'preact/hooks';
import type { FieldInfo } from '../../collections/dataset.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import { formatCount } from '../../util/format.ts';
import { changeParams } from '../../util/route.ts';
import { useStore } from '../../util/store.ts';
import { paramOf } from './filter.ts';

/** The values of a category that are offered: the most frequent ones. */
const OFFERED = 60;
/** The fields that are offered at once. */
const SHOWN = 3;

/** Controls for the fields that one filters by. */
export function Facets({ open, params }: { open: OpenCollection; params: URLSearchParams }) {
  const [isOpen, setOpen] = useState(false);
  // A tag is chosen on a card that has it; here it is let go.
  const fields = open.dataset.fields.filter((field) => field.kind !== 'text' && (field.kind !== 'tags' || params.has(paramOf(field))));
  if (fields.length === 0) return null;
  const facet = (field: FieldInfo) =>
    field.kind === 'number' ? (
      <NumberFacet key={field.name} field={field} params={params} />
    ) : field.kind === 'tags' ? (
      <TagFacet key={field.name} field={field} tag={params.get(paramOf(field))!} />
    ) : (
      <ChoiceFacet key={field.name} open={open} field={field} chosen={params.get(paramOf(field)) ?? ''} />
    );
  const isInUse = (field: FieldInfo) => [paramOf(field), paramOf(field, 'from'), paramOf(field, 'to')].some((name) => params.has(name));
  // A few at once: rows should be on a phone's first screen. What filters is not out of sight.
  const shown = fields.slice(0, SHOWN);
  const more = fields.slice(SHOWN);
  return (
    <>
      <div class="facets">{shown.map(facet)}</div>
      {more.length > 0 && (
        <details class="more-facets" open={more.some(isInUse)} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>More filters</summary>
          {/* Their values are counted when somebody looks. */}
          {isOpen && <div class="facets">{more.map(facet)}</div>}
        </details>
      )}
    </>
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
          value={numberText(params.get(paramOf(field, bound)))}
          onInput={(event) => changeParams({ [paramOf(field, bound)]: event.currentTarget.value, pick: null }, { replace: true })}
        />
      ))}
    </fieldset>
  );
}

/** A link may hold anything, and a field of numbers takes no other text. */
const numberText = (text: string | null): string => (text !== null && /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? text : '');

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
  const { version, phase, rows } = useStore(state);
  // While rows come in, they are counted again when there are twice as many: counting all of them at every batch would hold them up.
  const moment = phase === 'ready' ? `${version}` : `${phase} ${Math.floor(Math.log2(rows + 1))}`;
  const [choices, setChoices] = useState<readonly { readonly value: string; readonly rows: number }[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    const groups = collection.query({ groupBy: field.name, outputFields: ['count(*)'], orderBy: 'count(*):desc', limit: OFFERED, signal: abort.signal }) as Promise<Record<string, unknown>[]>;
    groups.then(
      (rows) => setChoices(rows.filter((row) => row[field.name] !== null && row[field.name] !== '').map((row) => ({ value: String(row[field.name]), rows: Number(row['count(*)']) }))),
      (error: unknown) => abort.signal.aborted || console.warn('elanus demo:', error),
    );
    return () => abort.abort();
  }, [collection, field, moment]);
  return choices;
}
