import type { ComponentType } from 'preact';
import { useRef } from 'preact/hooks';
import type { CardProps } from '../../collections/dataset.ts';
import { formatScore } from '../../util/format.ts';
import { EntityCard } from './entity-card.tsx';
import { useEntities, type Entities } from './entities.ts';
import type { MapRows } from './source.ts';

interface PointListProps {
  readonly Card: ComponentType<CardProps>;
  readonly entities: Entities;
  readonly map: MapRows;
  readonly rows: readonly number[];
  readonly scores?: readonly number[];
  readonly label: string;
  /** The row that is looked at on the map. */
  readonly hovered: number;
  /** -1: none any more. */
  readonly onHover: (row: number) => void;
  readonly onPick: (row: number) => void;
}

/** Rows of the map as buttons: one stop of the Tab key, arrow keys within. The one that is looked at is marked on the map. */
export function PointList({ Card, entities, map, rows, scores, label, hovered, onHover, onPick }: PointListProps) {
  const list = useRef<HTMLOListElement>(null);
  useEntities(
    entities,
    rows.map((row) => map.ids[row]),
  );
  const onKeyDown = (event: KeyboardEvent) => {
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at === -1 || to === undefined) return;
    event.preventDefault();
    buttons[Math.min(Math.max(to, 0), buttons.length - 1)].focus();
  };
  const stop = rows.includes(hovered) ? hovered : rows[0];
  return (
    <ol class="point-list" ref={list} aria-label={label} onKeyDown={onKeyDown} onPointerLeave={() => onHover(-1)}>
      {rows.map((row, i) => {
        const entity = entities.known(map.ids[row]);
        return (
          <li key={row}>
            <button
              type="button"
              class={row === hovered ? 'is-hovered' : undefined}
              tabIndex={row === stop ? 0 : -1}
              onPointerEnter={(event) => event.pointerType === 'mouse' && onHover(row)}
              onFocus={() => onHover(row)}
              onClick={() => onPick(row)}
            >
              {entity ? <EntityCard Card={Card} entity={entity} compact /> : <span class="waiting">…</span>}
              {scores && <span class="score num">{formatScore(scores[i])}</span>}
            </button>
          </li>
        );
      })}
    </ol>
  );
}
