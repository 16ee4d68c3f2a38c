import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { CLASSES } from '../../../sample/collections.mjs';
import { foreground } from '../../session/foreground.ts';
import { bringIntoView } from '../../ui/bring-into-view.ts';
import { Metrics } from '../../ui/metrics.tsx';
import type { Measured } from '../../ui/metrics.tsx';
import { Range } from '../../ui/range.tsx';
import { formatCount } from '../../util/format.ts';
import { changeParams, intParam } from '../../util/route.ts';
import { useStore } from '../../util/store.ts';
import type { ViewProps } from '../dataset.ts';
import { PICTURE_BLOCK, picturesOf } from './held-pictures.ts';
import { Neighbours, Verdict } from './neighbours.tsx';
import { blockOrder, FIRST_SEED, pictureOrder } from './order.ts';
import { Picture } from './picture.tsx';
import { PictureGrid } from './picture-grid.tsx';
import { findNeighbours, measure } from './search.ts';
import type { Neighbour, Query } from './search.ts';
import './images.css';

const PAGE = 160;
const K_VALUES = [1, 5, 10, 15, 20, 30, 50];
const EF_VALUES = [8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512];

export function ImagesView({ open, params }: ViewProps) {
  const { isIndexed } = useStore(open.state);
  const held = picturesOf(open);
  const { stored: pictures, unseen } = held;
  const { storedRows: pictureRows, unseenRows, error: readError } = useStore(held.state);
  const showUnseen = params.get('set') === 'unseen';
  const set = showUnseen ? unseen : pictures;
  const rows = showUnseen ? unseenRows : pictureRows;

  const seed = intParam(params, 'seed', { min: 0, max: 999_999_999, otherwise: FIRST_SEED });
  const shownClass = intParam(params, 'class', { min: 0, max: CLASSES.length - 1, otherwise: -1 });
  const k = intParam(params, 'k', { min: 1, max: 50, otherwise: 10 });
  const ef = intParam(params, 'ef', { min: 1, max: 512, otherwise: 48 });

  const [pages, setPages] = useState(1);
  useEffect(() => setPages(1), [showUnseen, seed, shownClass]);

  const view = useMemo(
    () => pictureOrder(set.labels.length, seed).filter((id) => set.has(id) && (shownClass === -1 || set.labels[id] === shownClass)),
    [set, seed, shownClass, rows],
  );
  const shown = useMemo(() => view.slice(0, pages * PAGE), [view, pages]);

  const chosen = intParam(params, 'pic', { min: 0, max: set.labels.length - 1, otherwise: -1 });
  const wanted = chosen === -1 ? (shown[0] ?? -1) : chosen;
  const selected = wanted !== -1 && set.has(wanted) ? wanted : null;

  useEffect(() => {
    const order = blockOrder(pictures.labels.length, seed);
    held.prefer(chosen !== -1 && !showUnseen ? [Math.floor(chosen / PICTURE_BLOCK), ...order] : order);
  }, [held, seed, chosen, showUnseen]);

  const [neighbours, setNeighbours] = useState<readonly Neighbour[]>([]);
  const [measured, setMeasured] = useState<Measured | null>(null);
  const [error, setError] = useState<string | null>(null);
  const isComplete = pictureRows === pictures.labels.length;
  useEffect(() => {
    if (selected === null) return;
    let current = true;
    const query: Query = { vector: set.vector(selected), self: showUnseen ? null : selected, k, ef, isIndexed };
    foreground(async () => {
      const found = await findNeighbours(open.collection, query);
      if (!current) return;
      setError(null);
      setNeighbours(found);
      const result = await measure(open.collection, query, found, pictures);
      if (current) setMeasured(result);
    }).catch((cause: unknown) => current && setError(cause instanceof Error ? cause.message : String(cause)));
    return () => {
      current = false;
    };
  }, [open, set, showUnseen, selected, k, ef, isIndexed, isComplete]);

  const panel = useRef<HTMLElement>(null);
  const select = (id: number, from: 'unseen' | null) => {
    changeParams({ pic: id, set: from });
    bringIntoView(panel.current);
  };

  return (
    <div class="images">
      <section class="result" ref={panel} aria-label="Nearest pictures">
        <div class="query">
          <div class="tile big">{selected !== null && <Picture pixels={set.picture(selected)} />}</div>
          <div>
            <h1>{selected === null ? 'Opening…' : CLASSES[set.labels[selected]]}</h1>
            <p class="origin">
              {selected === null ? '' : showUnseen ? `test picture ${selected}, not in the database` : `picture ${selected}, in the database`}
            </p>
            {selected !== null && <Verdict neighbours={neighbours} label={set.labels[selected]} />}
          </div>
        </div>
        <Metrics measured={measured} />
        <div class="controls">
          <Range label="k" hint="How many neighbours to find" values={K_VALUES} value={k} onChange={(value) => changeParams({ k: value }, { replace: true })} />
          <Range
            label="ef"
            hint="How widely the graph is searched: more is slower and finds more of the true nearest"
            values={EF_VALUES}
            value={ef}
            onChange={(value) => changeParams({ ef: value }, { replace: true })}
          />
        </div>
        {(error ?? readError) !== null && (
          <p class="notice" role="alert">
            {error ?? readError}
          </p>
        )}
        {selected !== null && (
          <Neighbours stored={pictures} neighbours={neighbours} label={set.labels[selected]} onSelect={(id) => select(id, null)} />
        )}
        <p class="about">
          A picture is 784 numbers, one per pixel. Its nearest are those whose numbers differ least (squared distance under each). A marked frame is a
          neighbour of another class.
        </p>
      </section>

      <section class="browse" aria-label="Pictures">
        <div class="toolbar">
          <div class="segmented" role="group" aria-label="Which pictures">
            <button type="button" aria-pressed={!showUnseen} onClick={() => changeParams({ set: null, pic: null })}>
              Stored
            </button>
            <button type="button" aria-pressed={showUnseen} onClick={() => changeParams({ set: 'unseen', pic: null })}>
              Unseen
            </button>
          </div>
          <label class="select">
            <span class="sr">Class</span>
            <select value={shownClass} onChange={(event) => changeParams({ class: event.currentTarget.value === '-1' ? null : event.currentTarget.value })}>
              <option value={-1}>All classes</option>
              {CLASSES.map((name, label) => (
                <option key={name} value={label}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <button type="button" onClick={() => changeParams({ seed: 1 + Math.floor(Math.random() * 999_999), pic: null })}>
            Shuffle
          </button>
          <span class="count num">{formatCount(view.length)} {view.length === 1 ? 'picture' : 'pictures'}</span>
        </div>
        <PictureGrid set={set} ids={shown} selected={selected} onSelect={(id) => select(id, showUnseen ? 'unseen' : null)} />
        {shown.length < view.length && (
          <button type="button" class="more" onClick={() => setPages(pages + 1)}>
            Show more
          </button>
        )}
      </section>
    </div>
  );
}
