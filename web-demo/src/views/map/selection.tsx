import type { ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import type { CardProps, Dataset } from '../../collections/dataset.ts';
import { formatCount, formatShare } from '../../util/format.ts';
import { colourOf, type Colouring } from './colouring.ts';
import type { Entities } from './entities.ts';
import { css } from './legend.tsx';
import type { Palette } from './palette.ts';
import { PointList } from './point-list.tsx';
import type { MapRows } from './source.ts';

const PAGE = 30;
/** Categories whose shares are shown. */
const PARTS_MAX = 5;
const SHARE_MIN = 0.0005;

interface SelectionProps {
  readonly dataset: Dataset;
  readonly Card: ComponentType<CardProps>;
  readonly entities: Entities;
  readonly map: MapRows;
  readonly rows: Uint32Array;
  readonly colouring: Colouring;
  readonly palette: Palette;
  readonly hovered: number;
  readonly onHover: (row: number) => void;
  readonly onPick: (row: number) => void;
  readonly onClear: () => void;
}

/** The rows that were selected on the map: how many, of which categories, and which. */
export function Selection({ dataset, Card, entities, map, rows, colouring, palette, hovered, onHover, onPick, onClear }: SelectionProps) {
  const [pages, setPages] = useState({ of: rows, count: 1 });
  const count = pages.of === rows ? pages.count : 1;
  const shown = Array.from(rows.subarray(0, count * PAGE));
  const { one, many } = dataset.noun;
  return (
    <section class="map-panel" aria-label="Selection">
      <header>
        <h2 class="num" role="status">
          {formatCount(rows.length)} of {formatCount(map.ids.length)} {rows.length === 1 ? one : many} selected
        </h2>
        <button type="button" onClick={onClear}>
          Clear
        </button>
      </header>
      {rows.length === 0 ? <p class="about">Nothing lies in there. Draw around some points.</p> : <Parts rows={rows} colouring={colouring} palette={palette} />}
      <PointList Card={Card} entities={entities} map={map} rows={shown} label={`Selected ${many}`} hovered={hovered} onHover={onHover} onPick={onPick} />
      {shown.length < rows.length && (
        <button type="button" class="more" onClick={() => setPages({ of: rows, count: count + 1 })}>
          Show more
        </button>
      )}
    </section>
  );
}

/** Which categories the rows are of, as bars. */
function Parts({ rows, colouring, palette }: Pick<SelectionProps, 'rows' | 'colouring' | 'palette'>) {
  if (colouring.kind !== 'category') return null;
  const counts = new Uint32Array(256);
  for (const row of rows) counts[colouring.codes[row]]++;
  const parts = colouring.entries
    .map(({ label, code }) => ({ label, code, count: counts[code] }))
    .filter(({ count }) => count >= rows.length * SHARE_MIN)
    .sort((a, b) => b.count - a.count)
    .slice(0, PARTS_MAX);
  return (
    <ul class="parts">
      {parts.map(({ label, code, count }) => (
        <li key={code}>
          <span class="name">{label}</span>
          <span class="bar">
            <span style={{ width: `${(100 * count) / rows.length}%`, background: css(colourOf(colouring, code, palette)) }} />
          </span>
          <span class="num">{formatShare(Math.round((1000 * count) / rows.length) / 1000)}</span>
        </li>
      ))}
    </ul>
  );
}
