/**
 * All rows of the collection on a plane: laid out by PCA, then by UMAP; coloured by a field, selected by a lasso. A point
 * that is picked is a query, whose true neighbours are drawn as lines. In the URL: `layout`, `colour` and `pick`.
 */
import type { ComponentType } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CardProps, ViewProps } from '../../collections/dataset.ts';
import { bringIntoView } from '../../ui/bring-into-view.ts';
import { formatCount, formatMs } from '../../util/format.ts';
import { useLoaded } from '../../util/loaded.ts';
import { changeParams } from '../../util/route.ts';
import { useStore } from '../../util/store.ts';
import { CATEGORIES_MAX, colouringOf, colourTable } from './colouring.ts';
import { Entities, useEntities } from './entities.ts';
import { EntityCard } from './entity-card.tsx';
import { Icon } from './icon.tsx';
import { Legend } from './legend.tsx';
import { coloursOf, MapModel, type LayoutName } from './map-model.ts';
import { useNeighbours } from './neighbours.ts';
import { PointList } from './point-list.tsx';
import { sampleOf } from '../../util/random.ts';
import { densestPlaces } from './scatter/labels.ts';
import { STREAM_MS, type Tool } from './scatter/scatter.ts';
import { Selection } from './selection.tsx';
import { useTheme } from './theme.ts';
import { Toolbar } from './toolbar.tsx';
import { useScatter } from './use-scatter.ts';
import './map.css';

const HOVER_MS = 60;
const MORPH_MS = 1100;
/** From this width on, in pixels, the points leave room for what lies over the map. */
const WIDE = 640;
const BUTTONS = 32;
/** Rows that are listed before anything is selected. */
const STARTERS = 12;

export function MapView({ open, params }: ViewProps) {
  const { phase, rows } = useStore(open.state);
  const [drawing, setDrawing] = useState({ count: 0, rows: -1 });
  const { many } = open.dataset.noun;
  const isReady = phase === 'ready';
  useEffect(() => {
    if (isReady) setDrawing({ count: 0, rows });
  }, [isReady]);
  if (!isReady || drawing.rows === -1) return <p class="waiting">The map is drawn when all {many} are there…</p>;
  return (
    <>
      {rows !== drawing.rows && (
        <p class="notice map-changed" role="status">
          There are {formatCount(rows)} {many} now, {formatCount(drawing.rows)} when the map was drawn.{' '}
          <button type="button" onClick={() => setDrawing({ count: drawing.count + 1, rows })}>
            Draw it again
          </button>
        </p>
      )}
      <DrawnMap key={drawing.count} open={open} params={params} />
    </>
  );
}

/** What is selected, and by what: of a category its code. */
interface Chosen {
  readonly rows: Uint32Array;
  readonly code: number | null;
}

interface Hovered {
  readonly row: number;
  /** Where its card is shown, on the map; `bottom`: along its edge, away from a finger; null: it is looked at in a list. */
  readonly at: { readonly x: number; readonly y: number } | 'bottom' | null;
}

const NOWHERE: Hovered = { row: -1, at: null };

function DrawnMap({ open, params }: ViewProps) {
  const { dataset } = open;
  const { one, many } = dataset.noun;
  const Card = useLoaded<ComponentType<CardProps>>(dataset.loadCard, dataset);
  const model = useMemo(() => new MapModel(open), [open]);
  const entities = useMemo(() => new Entities(open), [open]);
  const { rows: map, pca, umap, umapPhase, error, phase } = useStore(model.state);
  const { palette, inks } = useTheme();
  const [tool, setTool] = useState<Tool>('pan');
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [hovered, setHovered] = useState<Hovered>(NOWHERE);

  useEffect(() => {
    void model.start();
    return () => model.dispose();
  }, [model]);

  const layout: LayoutName = params.get('layout') === 'pca' ? 'pca' : 'umap';
  useEffect(() => {
    if (layout === 'umap') model.wantUmap();
  }, [model, layout]);

  const fields = coloursOf(open);
  const named = params.get('colour');
  const field = named === 'none' ? undefined : (fields.find(({ name }) => name === named) ?? fields[0]);
  const count = map?.ids.length ?? 0;
  const colouring = useMemo(() => colouringOf(field, count, field && map?.columns.get(field.name)), [field, map]);

  const query = map === null ? -1 : rowOfParam(map.rowOf, params.get('pick'));
  const neighbours = useNeighbours(open, map, query);
  const neighbourRows = useMemo(() => neighbours.found.map(({ row }) => row), [neighbours]);

  const mapElement = useRef<HTMLDivElement>(null);
  const pick = (row: number) => changeParams({ pick: row === -1 || map === null ? null : String(map.ids[row]) });
  const pickInList = (row: number) => {
    pick(row);
    bringIntoView(mapElement.current);
  };
  const { scatter, error: scatterError, host, points, overlay } = useScatter({
    onHover: (row, x, y) => setHovered(row === -1 ? NOWHERE : { row, at: { x, y } }),
    onPick: (row, isTouch) => {
      pick(row);
      // A finger hovers nowhere: its tap shows the card, too.
      if (isTouch) setHovered(row === -1 ? NOWHERE : { row, at: 'bottom' });
    },
    onLasso: (rows) => setChosen({ rows, code: null }),
  });

  const positions = layout === 'umap' && umap !== null ? umap : pca;
  const shown = useRef<LayoutName | null>(null);
  useEffect(() => {
    if (scatter === null || positions === null) return;
    const now = positions === umap ? 'umap' : 'pca';
    const isStream = shown.current === now && umapPhase === 'moving';
    scatter.setPositions(positions, shown.current === null ? 0 : isStream || (now === 'umap' && umapPhase === 'moving') ? STREAM_MS : MORPH_MS);
    shown.current = now;
  }, [scatter, positions]);
  useEffect(() => scatter?.setColours(colouring.codes, colourTable(colouring, palette)), [scatter, colouring, palette]);
  useEffect(() => scatter?.setInks(inks), [scatter, inks]);
  // At once: the next press may come before what is drawn does.
  useLayoutEffect(() => scatter?.setTool(tool), [scatter, tool]);
  const legend = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (scatter === null || host.current === null) return;
    const isOver = legend.current !== null && getComputedStyle(legend.current).position === 'absolute';
    const isWide = host.current.clientWidth >= WIDE;
    // What is low leaves the corner above it to the points.
    const isHigh = isOver && legend.current!.offsetHeight > host.current.clientHeight / 4;
    scatter.setCovered(isHigh && isWide ? legend.current!.offsetWidth : 0, isWide ? BUTTONS : 0);
  }, [scatter, colouring]);
  useEffect(() => scatter?.setSelection(chosen?.rows ?? null), [scatter, chosen, count]);
  const labels = useMemo(() => {
    if (colouring.kind !== 'category' || positions === null) return [];
    const own = colouring.entries.filter(({ code }) => code < CATEGORIES_MAX);
    const places = densestPlaces(positions, colouring.codes, own.map(({ code }) => code));
    return own.map(({ label, count: size }, i) => ({ text: label, x: places[2 * i], y: places[2 * i + 1], size })).sort((a, b) => b.size - a.size);
  }, [colouring, positions]);
  useEffect(() => {
    scatter?.setMarks({ query, neighbours: neighbourRows, hovered: hovered.row, labels });
  }, [scatter, query, neighbourRows, hovered, labels]);
  useEffect(() => {
    if (scatter !== null && query !== -1 && positions !== null) scatter.reveal([query, ...neighbourRows]);
  }, [scatter, query, neighbourRows, positions === null]);

  // A selection is of rows; a category of another field is another one.
  useEffect(() => setChosen(null), [field]);
  const choose = (code: number | null) => {
    if (code === null) setChosen(null);
    else setChosen({ code, rows: Uint32Array.from({ length: count }, (_, row) => row).filter((row) => colouring.codes[row] === code) });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    if (chosen !== null) setChosen(null);
    else if (query !== -1) pick(-1);
  };
  const starters = useMemo(() => Array.from(sampleOf(count, Math.min(STARTERS, count), 3)), [count]);
  const hover = (row: number) => setHovered(row === -1 ? NOWHERE : { row, at: null });

  return (
    <div class="map-view" onKeyDown={onKeyDown}>
      <div class="map-main" ref={mapElement}>
        <Toolbar
          layout={layout}
          fields={fields}
          field={field}
          tool={tool}
          work={model.work}
          canStop={umapPhase === 'neighbours' || umapPhase === 'moving'}
          canStart={phase === 'ready' && layout === 'umap' && umapPhase === 'resting'}
          onTool={setTool}
          onStop={() => model.stopUmap()}
          onStart={() => model.wantUmap()}
        />
        {(error ?? scatterError) !== null && (
          <p class="notice" role="alert">
            {error ?? scatterError}
            {umapPhase === 'failed' && (
              <>
                {' '}
                <button type="button" onClick={() => model.wantUmap()}>
                  Try again
                </button>
              </>
            )}
          </p>
        )}
        {scatter !== null && !scatter.isAccelerated && (
          <p class="notice" role="status">
            This browser gives the page no WebGL: {count > 0 && scatter.drawn < count ? `${formatCount(scatter.drawn)} of the ${formatCount(count)} points are drawn` : 'the points are drawn'} on a plain canvas. Lists and
            selections have all of them.
          </p>
        )}
        <div class="map-frame">
          <div
            class="map-canvas"
            ref={host}
            tabIndex={0}
            role="application"
            aria-label={`Map of ${formatCount(count)} ${many}. Arrow keys move, plus and minus zoom, 0 shows all. The list beside it has the same points.`}
            data-rows={positions === null ? 0 : count}
            data-layout={positions === null ? undefined : layout}
            data-umap={umapPhase}
            data-accelerated={scatter?.isAccelerated}
          >
            <canvas ref={points} aria-hidden="true" />
            <canvas ref={overlay} aria-hidden="true" />
          </div>
          {positions === null && phase !== 'failed' && <p class="map-waiting">{phase === 'reading' ? `Reading the ${many}…` : 'Looking for the directions of most variance…'}</p>}
          <div class="map-buttons" role="group" aria-label="View of the map">
            <button type="button" aria-label="Zoom in" title="Zoom in" onClick={() => scatter?.zoom(1)}>
              <Icon name="in" />
            </button>
            <button type="button" aria-label="Zoom out" title="Zoom out" onClick={() => scatter?.zoom(-1)}>
              <Icon name="out" />
            </button>
            <button type="button" aria-label="Show all" title="Show all" onClick={() => scatter?.showAll()}>
              <Icon name="all" />
            </button>
            <button type="button" aria-label={`Select the ${many} in view`} title={`Select the ${many} in view`} onClick={() => scatter && setChosen({ rows: scatter.visible(), code: null })}>
              <Icon name="select" />
            </button>
          </div>
          {Card !== null && map !== null && hovered.at !== null && <Tooltip Card={Card} entities={entities} id={map.ids[hovered.row]} at={hovered.at} frame={host.current} />}
        </div>
        {field && map !== null && <Legend element={legend} field={field} colouring={colouring} palette={palette} chosen={chosen?.code ?? null} onChoose={choose} />}
      </div>
      {Card !== null && map !== null && (
        <aside class="map-side">
          {query !== -1 && (
            <section class="map-panel" aria-label={`The ${one} that was picked`}>
              <header>
                <h2>Picked {one}</h2>
                <button
                  type="button"
                  onClick={() => {
                    scatter?.zoomTo([query, ...neighbourRows]);
                    bringIntoView(mapElement.current);
                  }}
                >
                  Zoom to it
                </button>
                <button type="button" onClick={() => pick(-1)}>
                  Clear
                </button>
              </header>
              <Picked Card={Card} entities={entities} id={map.ids[query]} />
              <p class="about" data-neighbours={neighbourRows.length}>
                {neighbours.error ??
                  (neighbours.ms === null
                    ? 'Searching…'
                    : `Its ${neighbourRows.length} nearest among all ${formatCount(count)}, by their ${dataset.vector.dim} dimensions and not by the map: found in ${formatMs(neighbours.ms)}.`)}
              </p>
              <PointList Card={Card} entities={entities} map={map} rows={neighbourRows} scores={neighbours.found.map(({ score }) => score)} label="Nearest" hovered={hovered.row} onHover={hover} onPick={pickInList} />
            </section>
          )}
          {chosen !== null && (
            <Selection
              dataset={dataset}
              Card={Card}
              entities={entities}
              map={map}
              rows={chosen.rows}
              colouring={colouring}
              palette={palette}
              hovered={hovered.row}
              onHover={hover}
              onPick={pickInList}
              onClear={() => setChosen(null)}
            />
          )}
          {query === -1 && chosen === null && (
            <section class="map-panel" aria-label={`Some ${many}`}>
              <h2>Pick a {one}</h2>
              <p class="about">A click on a point, or in this list, draws lines to its true neighbours. With the lasso, or Shift held down, draw around points to select them.</p>
              <PointList Card={Card} entities={entities} map={map} rows={starters} label={`Some ${many}`} hovered={hovered.row} onHover={hover} onPick={pickInList} />
            </section>
          )}
        </aside>
      )}
    </div>
  );
}

/** A link may name a row that is not there, or nothing that could be a key. */
function rowOfParam(rowOf: ReadonlyMap<number | string, number>, text: string | null): number {
  if (text === null || text === '') return -1;
  return rowOf.get(text) ?? rowOf.get(Number(text)) ?? -1;
}

interface TooltipProps {
  readonly Card: ComponentType<CardProps>;
  readonly entities: Entities;
  readonly id: number | string;
}

function Tooltip({ Card, entities, id, at, frame }: TooltipProps & { readonly at: { readonly x: number; readonly y: number } | 'bottom'; readonly frame: HTMLElement | null }) {
  useEntities(entities, [id], HOVER_MS);
  const entity = entities.known(id);
  if (entity === undefined || frame === null) return null;
  if (at === 'bottom') {
    return (
      <div class="map-tooltip at-bottom">
        <EntityCard Card={Card} entity={entity} compact />
      </div>
    );
  }
  // On the side of the point where there is more room.
  const isLeft = at.x > frame.clientWidth / 2;
  const isAbove = at.y > frame.clientHeight / 2;
  const style = {
    [isLeft ? 'right' : 'left']: `${(isLeft ? frame.clientWidth - at.x : at.x) + 14}px`,
    [isAbove ? 'bottom' : 'top']: `${(isAbove ? frame.clientHeight - at.y : at.y) + 14}px`,
  };
  return (
    <div class="map-tooltip" style={style}>
      <EntityCard Card={Card} entity={entity} compact />
    </div>
  );
}

function Picked({ Card, entities, id }: TooltipProps) {
  useEntities(entities, [id]);
  const entity = entities.known(id);
  return <article class="picked">{entity ? <EntityCard Card={Card} entity={entity} /> : <span class="waiting">…</span>}</article>;
}
