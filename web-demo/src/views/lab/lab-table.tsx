import { Fragment } from 'preact';
import type { ComponentChildren } from 'preact';
import { formatBytes, formatCount, formatMs, formatShare } from '../../util/format.ts';
import { pointAt } from './experiment.ts';
import type { Outcome, Point } from './experiment.ts';
import type { Slot } from './setting.ts';

interface LabTableProps {
  readonly outcomes: readonly (readonly [Slot, Outcome])[];
  /** The recall at which searches are compared. */
  readonly target: number;
}

interface Measure {
  readonly name: string;
  /** A sentence: what it means. */
  readonly about: (outcome: Outcome) => string;
  readonly value: (outcome: Outcome, point: Point) => number;
  readonly format: (value: number) => string;
  /** How the second compares to the first; without: their ratio. */
  readonly compare?: (a: number, b: number) => string;
}

const MEASURES: readonly Measure[] = [
  {
    name: 'Recall@10',
    about: ({ queries }) => `The share of the ten truly nearest that a search found, on average over ${formatCount(queries)} rows that each asked for the others.`,
    value: (_, { recall }) => recall,
    format: formatShare,
    compare: (a, b) => `${b >= a ? '+' : '−'}${Math.abs(100 * (b - a)).toFixed(1)} points`,
  },
  { name: 'Mean', about: () => 'From the call in the page to its answer, there and back to the engine’s worker: the average of the calmest pass over all queries.', value: (_, { latency }) => latency.mean, format: formatMs },
  { name: 'p50', about: () => 'Half of the searches were at most this long.', value: (_, { latency }) => latency.p50, format: formatMs },
  { name: 'p90', about: () => 'Nine of ten were.', value: (_, { latency }) => latency.p90, format: formatMs },
  { name: 'p99', about: () => 'All but one of a hundred were.', value: (_, { latency }) => latency.p99, format: formatMs },
  { name: 'Build', about: () => 'How long createIndex took, from all rows inserted to all rows indexed.', value: ({ buildMs }) => buildMs, format: formatMs },
  { name: 'Memory', about: () => 'Bytes of index and vectors that are in memory while searching.', value: ({ memoryBytes }) => memoryBytes, format: formatBytes },
  { name: 'Stored', about: () => 'Bytes of the files of rows and index; here they are in memory, too.', value: ({ storedBytes }) => storedBytes, format: formatBytes },
];

/** What was measured, at the least breadth that reaches the recall asked for; two settings side by side. */
export function LabTable({ outcomes, target }: LabTableProps) {
  const columns = outcomes.map(([slot, outcome]) => ({ slot, outcome, point: pointAt(outcome.points, target) }));
  const [first, second] = columns;
  return (
    <table class="measures">
      <caption class="sr">Measurements of the settings</caption>
      <thead>
        <tr>
          <th scope="col">
            <span class="sr">Measure</span>
          </th>
          {columns.map(({ slot, outcome }) => (
            <th key={slot} scope="col">
              <span class={`slot is-${slot}`}>{slot.toUpperCase()}</span> <span class="type">{outcome.setting.info.type}</span>
            </th>
          ))}
          {second !== undefined && <th scope="col">B to A</th>}
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">Searched with</th>
          {columns.map(({ slot, point, outcome }) => (
            <td key={slot} class="num" data-measure="Searched with" data-slot={slot}>
              {point.value === null ? 'a scan' : `${outcome.setting.info.sweep!.name} ${formatCount(point.value)}`}
            </td>
          ))}
          {second !== undefined && <td />}
        </tr>
        <About columns={columns.length}>The least breadth whose recall is {formatShare(target)} or more; where none is, that of the best recall.</About>
        {MEASURES.map(({ name, about, value, format, compare = ratio }) => (
          <Fragment key={name}>
            <tr>
              <th scope="row">{name}</th>
              {columns.map(({ slot, outcome, point }) => (
                <td key={slot} class="num" data-measure={name} data-slot={slot}>
                  {format(value(outcome, point))}
                </td>
              ))}
              {second !== undefined && <td class="num ratio">{compare(value(first.outcome, first.point), value(second.outcome, second.point))}</td>}
            </tr>
            <About columns={columns.length}>{about(first.outcome)}</About>
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

/** What the row above means. */
function About({ columns, children }: { columns: number; children: ComponentChildren }) {
  return (
    <tr class="about">
      <td colSpan={columns === 1 ? 2 : 4}>{children}</td>
    </tr>
  );
}

const ratio = (a: number, b: number): string => (a === 0 ? '–' : `${(b / a).toFixed(b / a < 10 ? 2 : 0)} ×`);
