import { useId } from 'preact/hooks';
import type { Dataset, TextEmbedder } from '../../collections/dataset.ts';

interface SearchBoxProps {
  readonly dataset: Dataset;
  /** Null: words are looked for in the rows' names. */
  readonly text: TextEmbedder | null;
  /** What embeds texts is not there and may never be. */
  readonly isByWords: boolean;
  readonly query: string;
  readonly onQuery: (query: string) => void;
}

/** Where a visitor types: a question where text can be embedded, else words of the names. */
export function SearchBox({ dataset, text, isByWords, query, onQuery }: SearchBoxProps) {
  const id = useId();
  const label = dataset.loadText === undefined || isByWords ? `Words in the ${dataset.words?.of ?? dataset.label ?? 'name'}` : `What are you looking for?`;
  return (
    <div class="search-box">
      <label class="sr" for={id}>
        {label}
      </label>
      <input id={id} type="search" placeholder={label} value={query} autocomplete="off" spellcheck={false} onInput={(event) => onQuery(event.currentTarget.value)} />
      {text !== null && query === '' && text.examples.length > 0 && (
        <p class="examples">
          Try{' '}
          {text.examples.map((example) => (
            <button key={example} type="button" onClick={() => onQuery(example)}>
              {example}
            </button>
          ))}
        </p>
      )}
      {text?.knows !== undefined && query.trim() !== '' && text.knows(query) === 0 && <p class="hint">None of these words occurs in the collection, so nothing can be near.</p>}
    </div>
  );
}
