import type { AbstractRow } from '../../../sample/collections.mjs';
import type { SimilarHit } from './search.ts';

const SNIPPET = 180;

interface SimilarProps {
  readonly rows: readonly AbstractRow[];
  readonly hits: readonly SimilarHit[];
  readonly onSelect: (row: number) => void;
}

export function Similar({ rows, hits, onSelect }: SimilarProps) {
  return (
    <ol class="similar">
      {hits.map(({ row, score }) => (
        <li key={row}>
          <button type="button" onClick={() => onSelect(row)}>
            <span class="title">{rows[row].title}</span>
            <span class="score num" title="Cosine of the two vectors">
              {score.toFixed(3)}
            </span>
            <span class="snippet">{snippet(rows[row].text)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function snippet(text: string): string {
  if (text.length <= SNIPPET) return text;
  return `${text.slice(0, text.lastIndexOf(' ', SNIPPET))} …`;
}
