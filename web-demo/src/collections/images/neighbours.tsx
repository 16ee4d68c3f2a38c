import { CLASSES } from '../../../sample/collections.mjs';
import type { PictureSet } from './pictures.ts';
import { formatCompact, formatCount } from '../../util/format.ts';
import { Picture } from './picture.tsx';
import type { Neighbour } from './search.ts';

interface NeighboursProps {
  readonly stored: PictureSet;
  readonly neighbours: readonly Neighbour[];
  /** Class of the query: neighbours of another class are marked. */
  readonly label: number;
  readonly onSelect: (id: number) => void;
}

export function Neighbours({ stored, neighbours, label, onSelect }: NeighboursProps) {
  return (
    <ol class="neighbours">
      {neighbours.map((neighbour) => (
        <li key={neighbour.id}>
          <button
            type="button"
            class={neighbour.label === label ? 'tile' : 'tile other'}
            aria-label={`${CLASSES[neighbour.label]}, picture ${neighbour.id}, squared distance ${formatCount(neighbour.score)}: show its nearest`}
            title={`${CLASSES[neighbour.label]}, squared distance ${formatCount(neighbour.score)}`}
            onClick={() => onSelect(neighbour.id)}
          >
            {stored.has(neighbour.id) && <Picture pixels={stored.picture(neighbour.id)} />}
          </button>
          <span class="num">{formatCompact(neighbour.score)}</span>
        </li>
      ))}
    </ol>
  );
}

/** What most neighbours are, in words. */
export function Verdict({ neighbours, label }: { neighbours: readonly Neighbour[]; label: number }) {
  if (neighbours.length === 0) return null;
  const votes = new Map<number, number>();
  for (const neighbour of neighbours) votes.set(neighbour.label, (votes.get(neighbour.label) ?? 0) + 1);
  const [first, count] = [...votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best));
  return (
    <p class="verdict">
      {count} of {neighbours.length} neighbours {count === 1 ? 'is' : 'are'} labelled {CLASSES[first]}
      {first === label ? '.' : `; its own label is ${CLASSES[label]}.`}
    </p>
  );
}
