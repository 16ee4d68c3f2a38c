import { useEffect, useId, useState } from 'preact/hooks';
import type { AbstractRow } from '../../../sample/collections.mjs';
import { formatCount } from '../../util/format.ts';

const PAGE = 60;

interface AbstractListProps {
  readonly rows: readonly AbstractRow[];
  /** Rows whose titles match the words. */
  readonly matches: readonly number[];
  readonly words: string;
  readonly selected: number;
  readonly onWords: (words: string) => void;
  readonly onSelect: (row: number) => void;
}

export function AbstractList({ rows, matches, words, selected, onWords, onSelect }: AbstractListProps) {
  const id = useId();
  const [pages, setPages] = useState(1);
  useEffect(() => setPages(1), [words]);
  const shown = matches.slice(0, pages * PAGE);
  return (
    <>
      <div class="toolbar">
        <label class="sr" for={id}>
          Words in the title
        </label>
        <input id={id} type="search" placeholder="Words in the title" value={words} onInput={(event) => onWords(event.currentTarget.value)} />
        <span class="count num" role="status">
          {formatCount(matches.length)} of {formatCount(rows.length)}
        </span>
      </div>
      <ul class="titles">
        {shown.map((row) => (
          <li key={row}>
            <button type="button" aria-pressed={row === selected} onClick={() => onSelect(row)}>
              <Marked text={rows[row].title} words={wordsOf(words)} />
            </button>
          </li>
        ))}
      </ul>
      {rows.length > 0 && matches.length === 0 && <p class="waiting">No title has all of these words.</p>}
      {shown.length < matches.length && (
        <button type="button" class="more" onClick={() => setPages(pages + 1)}>
          Show more
        </button>
      )}
    </>
  );
}

/** Rows whose title has every word, as a part of a word too; all rows when there are no words. */
export function matchTitles(rows: readonly AbstractRow[], words: string): number[] {
  const wanted = wordsOf(words);
  const matches: number[] = [];
  for (const [row, { title }] of rows.entries()) {
    const lower = title.toLowerCase();
    if (wanted.every((word) => lower.includes(word))) matches.push(row);
  }
  return matches;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

/** The text with the words marked. */
function Marked({ text, words }: { text: string; words: readonly string[] }) {
  if (words.length === 0) return <>{text}</>;
  const lower = text.toLowerCase();
  // Lower-casing may change the length of rare letters; marks would then be off.
  if (lower.length !== text.length) return <>{text}</>;
  const marked = new Uint8Array(text.length);
  for (const word of words) {
    for (let at = lower.indexOf(word); at !== -1; at = lower.indexOf(word, at + 1)) marked.fill(1, at, at + word.length);
  }
  const parts: preact.ComponentChild[] = [];
  for (let from = 0; from < text.length; ) {
    let to = from + 1;
    while (to < text.length && marked[to] === marked[from]) to++;
    const part = text.slice(from, to);
    parts.push(marked[from] ? <mark key={from}>{part}</mark> : part);
    from = to;
  }
  return <>{parts}</>;
}
