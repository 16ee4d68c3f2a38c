import type { ComponentType } from 'preact';
import type { CardProps } from '../../collections/dataset.ts';
import type { Id } from '../../session/rows.ts';
import { formatScore } from '../../util/format.ts';
import type { ListHit } from './list-hit.ts';

interface FoundListProps {
  readonly Card: ComponentType<CardProps>;
  readonly hits: readonly ListHit[];
  readonly picked: Id | null;
  readonly metric: 'L2' | 'IP' | 'COSINE';
  readonly label: string;
  readonly onPick: (id: Id) => void;
}

const SCORES = { L2: 'Squared distance', IP: 'Inner product', COSINE: 'Cosine of the two vectors' };

/** Rows as buttons: picking one shows what is like it. */
export function FoundList({ Card, hits, picked, metric, label, onPick }: FoundListProps) {
  if (hits.length === 0) return null;
  return (
    <ol class="found-list" aria-label={label}>
      {hits.map(({ id, score, entity }) => (
        <li key={id}>
          <button type="button" aria-pressed={picked === null ? undefined : id === picked} onClick={() => onPick(id)}>
            <Card entity={entity} compact />
            {score !== undefined && (
              <span class="score num" title={SCORES[metric]}>
                {formatScore(score)}
              </span>
            )}
          </button>
        </li>
      ))}
    </ol>
  );
}
