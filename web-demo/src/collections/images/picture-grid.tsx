import { useRef } from 'preact/hooks';
import { CLASSES } from '../../../sample/collections.mjs';
import type { PictureSet } from './pictures.ts';
import { Picture } from './picture.tsx';

interface PictureGridProps {
  readonly set: PictureSet;
  readonly ids: readonly number[];
  readonly selected: number | null;
  readonly onSelect: (id: number) => void;
}

/** Pictures as buttons: one stop of the Tab key, arrow keys within. */
export function PictureGrid({ set, ids, selected, onSelect }: PictureGridProps) {
  const grid = useRef<HTMLDivElement>(null);
  const stop = selected !== null && ids.includes(selected) ? selected : ids[0];

  const onKeyDown = (event: KeyboardEvent) => {
    const tiles = [...(grid.current?.children ?? [])] as HTMLElement[];
    const at = tiles.indexOf(document.activeElement as HTMLElement);
    if (at === -1) return;
    const columns = Math.max(1, tiles.findIndex((tile) => tile.offsetTop > tiles[0].offsetTop));
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -at, End: tiles.length - 1 - at };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    tiles[Math.min(tiles.length - 1, Math.max(0, at + step))].focus();
  };

  return (
    <div class="grid" ref={grid} role="group" aria-label="Pictures: choose one to see its nearest" onKeyDown={onKeyDown}>
      {ids.map((id) => (
        <button
          key={id}
          type="button"
          class="tile"
          tabIndex={id === stop ? 0 : -1}
          aria-pressed={id === selected}
          aria-label={`${CLASSES[set.labels[id]]}, picture ${id}`}
          title={CLASSES[set.labels[id]]}
          onClick={() => onSelect(id)}
        >
          <Picture pixels={set.picture(id)} />
        </button>
      ))}
    </div>
  );
}
