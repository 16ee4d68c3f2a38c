import type { Ref } from 'preact';
import type { FieldInfo } from '../../collections/dataset.ts';
import { formatCount } from '../../util/format.ts';
import { colourOf, type Colouring } from './colouring.ts';
import type { Palette, Rgb } from './palette.ts';

interface LegendProps {
  readonly element: Ref<HTMLDivElement>;
  readonly field: FieldInfo;
  readonly colouring: Colouring;
  readonly palette: Palette;
  /** The category that is selected, by its code. */
  readonly chosen: number | null;
  readonly onChoose: (code: number | null) => void;
}

export const css = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`;

/** What the colours mean. Categories are buttons: one that is pressed selects its rows. */
export function Legend({ element, field, colouring, palette, chosen, onChoose }: LegendProps) {
  if (colouring.kind === 'plain') return null;
  if (colouring.kind === 'number') {
    const { low, high, isCut, isLog, missing } = colouring;
    return (
      <div class="map-legend" ref={element}>
        <p class="map-legend-title">
          {field.title}
          {isLog && ', logarithmic'}
        </p>
        <div class="ramp" style={{ background: `linear-gradient(to right, ${palette.ramp.join(', ')})` }} />
        <p class="ramp-ends num">
          <span>
            {isCut && '≤ '}
            {formatEnd(low)}
          </span>
          <span>
            {isCut && '≥ '}
            {formatEnd(high)}
          </span>
        </p>
        {missing > 0 && (
          <p class="ramp-ends">
            <span class="swatch" style={{ background: palette.none }} /> {formatCount(missing)} without a value
          </p>
        )}
      </div>
    );
  }
  return (
    <div class="map-legend" ref={element} role="group" aria-label={`${field.title}: press one to select its rows`}>
      <p class="map-legend-title">{field.title}</p>
      {colouring.entries.map(({ label, code, count }) => (
        <button key={code} type="button" aria-pressed={chosen === code} onClick={() => onChoose(chosen === code ? null : code)}>
          <span class="swatch" style={{ background: css(colourOf(colouring, code, palette)) }} />
          <span class="name">{label}</span>
          <span class="num">{formatCount(count)}</span>
        </button>
      ))}
    </div>
  );
}

/** Years have no separators. */
const formatEnd = (value: number): string => (Number.isInteger(value) && Math.abs(value) < 10_000 ? String(value) : value.toLocaleString('en', { maximumSignificantDigits: 4 }));
