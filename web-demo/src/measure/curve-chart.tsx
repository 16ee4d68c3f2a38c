/** Recall over time of a search: the farther up and to the left, the better. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatMs, formatShare } from '../util/format.ts';
import { aligned, recallBounds, timeBounds, timeSplits } from './curve-data.ts';
import type { Curve } from './curve-data.ts';
import './curve-chart.css';

interface CurveChartProps {
  readonly curves: readonly Curve[];
  /** What it shows, for those who do not see it. */
  readonly label: string;
}

const HEIGHT = 320;
/** Pixels of the axis that a time takes, with some air. */
const WIDTH_OF_TIME = 80;
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

export function CurveChart({ curves, label }: CurveChartProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const root = place.current!;
    let plot = draw(root, curves);
    const resized = new ResizeObserver(() => plot.setSize({ width: root.clientWidth, height: HEIGHT }));
    resized.observe(root);
    // Colours are painted, so another theme is another painting.
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const repaint = () => {
      plot.destroy();
      plot = draw(root, curves);
    };
    dark.addEventListener('change', repaint);
    return () => {
      dark.removeEventListener('change', repaint);
      resized.disconnect();
      plot.destroy();
    };
  }, [curves]);
  return (
    <figure class="curve-chart">
      <figcaption>
        {curves.map(({ name, tone }) => (
          <span key={name} class={`key is-${tone}`}>
            {name}
          </span>
        ))}
      </figcaption>
      <div class="plot" ref={place} role="img" aria-label={label} />
    </figure>
  );
}

function draw(root: HTMLElement, curves: readonly Curve[]): uPlot {
  const style = getComputedStyle(root);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--soft'), font: FONT, labelFont: FONT, labelGap: 2, grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1, size: 4 } };
  const [from, to] = timeBounds(curves);
  const toneOf = ({ tone }: Curve) => colour(`--tone-${tone}`);
  const options: uPlot.Options = {
    width: root.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, distr: 3, range: () => [from, to] },
      y: { range: () => recallBounds(curves) },
    },
    axes: [
      { ...axis, label: 'Mean time of a search', labelSize: 20, size: 30, splits: () => timeSplits(from, to, root.clientWidth / WIDTH_OF_TIME), filter: (_, splits) => splits, values: (_, splits) => splits.map(formatMs) },
      { ...axis, label: 'Recall@10', labelSize: 20, size: 52, values: (_, splits) => splits.map((split) => (split > 1 ? '' : formatShare(Math.round(split * 1000) / 1000))) },
    ],
    series: [{}, ...curves.map((curve) => ({ label: curve.name, stroke: toneOf(curve), width: 2, paths: pathOf(curve), points: { show: true, size: 8, width: 2, stroke: toneOf(curve), fill: colour('--card') } }))],
    hooks: { draw: [(plot) => writeLabels(plot, curves, toneOf)] },
  };
  return new uPlot(options, aligned(curves) as uPlot.AlignedData, root);
}

/** From point to point as the breadth grows; the times need not grow with it. */
function pathOf({ points }: Curve): uPlot.Series.PathBuilder {
  return (plot) => {
    const stroke = new Path2D();
    for (const { ms, recall } of points) stroke.lineTo(plot.valToPos(ms, 'x', true), plot.valToPos(recall, 'y', true));
    return { stroke, flags: 1 };
  };
}

/** Beside the points, as many as there is room for. */
function writeLabels(plot: uPlot, curves: readonly Curve[], toneOf: (curve: Curve) => string): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  const taken: { x: number; y: number; width: number }[] = curves.flatMap(({ points }) =>
    points.map(({ ms, recall }) => ({ x: plot.valToPos(ms, 'x', true) - 6 * scale, y: plot.valToPos(recall, 'y', true), width: 12 * scale })),
  );
  const height = 14 * scale;
  ctx.save();
  ctx.font = `${11 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  for (const curve of curves) {
    ctx.fillStyle = toneOf(curve);
    for (const { ms, recall, label } of curve.points) {
      const { width } = ctx.measureText(label);
      const x = plot.valToPos(ms, 'x', true) + 8 * scale;
      const y = plot.valToPos(recall, 'y', true) + 9 * scale;
      const isFree = x + width < bbox.left + bbox.width && y + height / 2 < bbox.top + bbox.height && taken.every((other) => other.x > x + width || other.x + other.width < x || Math.abs(other.y - y) > height);
      if (!isFree) continue;
      ctx.fillText(label, x, y);
      taken.push({ x, y, width });
    }
  }
  ctx.restore();
}
