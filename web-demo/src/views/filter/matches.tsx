import type { ComponentType } from 'preact';
import type { CardProps } from '../../collections/dataset.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import type { Id } from '../../session/rows.ts';
import { formatCount, formatMs, formatScore } from '../../util/format.ts';
import { useStore } from '../../util/store.ts';
import type { Answer } from './use-answer.ts';

interface MatchesProps {
  readonly open: OpenCollection;
  readonly Card: ComponentType<CardProps>;
  readonly answer: Answer;
  /** The row whose nearest are shown; null: the first rows that match. */
  readonly near: Id | null;
  readonly onNear: (id: Id | null) => void;
  readonly onRandom: () => void;
}

/** How many rows match, and the first of them, or those that are nearest to a row. */
export function Matches({ open, Card, answer, near, onNear, onRandom }: MatchesProps) {
  const { rows } = useStore(open.state);
  const { noun, label } = open.dataset;
  const { count, countMs, hits, mistake, error } = answer;
  return (
    <section class="box matches" aria-label="Rows that match">
      <p class="count" role="status">
        {mistake !== null ? (
          'The expression has a mistake, so nothing was asked.'
        ) : error !== null ? (
          'Nothing could be asked.'
        ) : count === null ? (
          'Counting…'
        ) : (
          <>
            <strong class="num" data-metric="count">
              {formatCount(count)}
            </strong>{' '}
            of {formatCount(rows)} {noun.many} {count === 1 ? 'matches' : 'match'} <span class="num soft">{formatMs(countMs)}</span>
          </>
        )}
      </p>
      <div class="toolbar">
        <div class="segmented" role="group" aria-label="What is shown of them">
          <button type="button" aria-pressed={near === null} onClick={() => onNear(null)}>
            The first
          </button>
          <button type="button" aria-pressed={near !== null} onClick={() => near === null && onRandom()}>
            The nearest
          </button>
        </div>
        {near !== null && (
          <span class="near">
            to {noun.one} <strong class="num">{near}</strong>
          </span>
        )}
        <button type="button" onClick={onRandom}>
          {near === null ? `Search near a random ${noun.one}` : 'Another'}
        </button>
      </div>
      {error !== null && (
        <p class="notice" role="alert">
          {error}
        </p>
      )}
      {mistake === null && error === null && (
        <ol class={label === undefined ? 'hits is-pictures' : 'hits'} aria-label={near === null ? 'First rows that match' : `Nearest to ${noun.one} ${near}`}>
          {hits.map(({ id, score, entity }) => (
            <li key={id}>
              <button type="button" aria-pressed={near === null ? undefined : id === near} title={`Search near ${noun.one} ${id}`} onClick={() => onNear(id)}>
                <Card entity={entity} compact />
                {score !== undefined && <span class="score num">{formatScore(score)}</span>}
              </button>
            </li>
          ))}
        </ol>
      )}
      {count === 0 && mistake === null && <p class="waiting">No row matches.</p>}
    </section>
  );
}
