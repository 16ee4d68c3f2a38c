import { formatCount, formatMs, formatShare } from '../../util/format.ts';
import type { Outcome } from './experiment.ts';
import type { Slot } from './setting.ts';

/** The points of the chart in numbers. */
export function CurveTable({ slot, outcome: { setting, points } }: { slot: Slot; outcome: Outcome }) {
  const { type, sweep } = setting.info;
  return (
    <table class="points">
      <caption>
        <span class={`slot is-${slot}`}>{slot.toUpperCase()}</span> {type}
      </caption>
      <thead>
        <tr>
          <th scope="col">{sweep?.name ?? 'Breadth'}</th>
          <th scope="col">Recall</th>
          <th scope="col">Mean</th>
          <th scope="col">p50</th>
          <th scope="col">p99</th>
        </tr>
      </thead>
      <tbody class="num">
        {points.map(({ value, recall, latency }) => (
          <tr key={value}>
            <th scope="row">{value === null ? 'all' : formatCount(value)}</th>
            <td>{formatShare(recall)}</td>
            <td>{formatMs(latency.mean)}</td>
            <td>{formatMs(latency.p50)}</td>
            <td>{formatMs(latency.p99)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
