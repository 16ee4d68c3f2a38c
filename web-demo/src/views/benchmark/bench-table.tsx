import { Fragment } from 'preact';
import type { ComponentChildren } from 'preact';
import { formatBytes, formatCount, formatMs, formatShare } from '../../util/format.ts';
import { ENGINES } from './engines/list.ts';
import type { EngineId } from './engines/engine.ts';
import { fastestAt } from './report.ts';
import type { Report, ReportEngine, ReportPoint } from './report.ts';

interface BenchTableProps {
  readonly report: Report | null;
  readonly target: number;
  /** What an engine that is not done yet is doing. */
  readonly doing: (id: EngineId) => string;
}

type MeasuredEngine = Extract<ReportEngine, { readonly status: 'measured' }>;

interface Measure {
  readonly name: string;
  readonly about: string;
  /** Null: not known, or not reached. */
  readonly value: (engine: MeasuredEngine, point: ReportPoint | null) => number | null;
  readonly format: (value: number, clockMs: number) => string;
  readonly best?: 'least' | 'most';
}

/** A clock tells no time shorter than its step. */
const time = (ms: number, clockMs: number): string => (ms < clockMs ? `under ${formatMs(clockMs)}` : formatMs(ms));

const perSecond = (value: number): string => formatCount(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));

const MEASURES: readonly Measure[] = [
  { name: 'Searches a second', about: 'One after the other, at the fastest setting that finds enough.', value: (_, point) => point?.queriesPerSecond ?? null, format: (value) => perSecond(value), best: 'most' },
  { name: 'Recall@10', about: 'The share of the ten truly nearest that those searches found.', value: ({ points }, point) => point?.recall ?? Math.max(...points.map(({ recall }) => recall)), format: (value) => formatShare(value) },
  { name: 'Breadth', about: 'Candidates that a walk kept for it.', value: (_, point) => (point === null ? null : (point.ef ?? Infinity)), format: (value) => (value === Infinity ? 'a scan' : `ef ${value}`) },
  { name: 'Half of the searches', about: 'took at most this long (p50).', value: (_, point) => point?.latencyMs.p50 ?? null, format: time },
  { name: 'All but one of a hundred', about: 'took at most this long (p99).', value: (_, point) => point?.latencyMs.p99 ?? null, format: time, best: 'least' },
  { name: 'Insert and build', about: 'From the first row to an index that can be searched, on one thread.', value: ({ buildMs }) => buildMs, format: (value) => formatMs(value), best: 'least' },
  { name: 'Memory', about: 'With vectors and index: what the engine says that it uses; of hnswlib-wasm the size of its memory, used or not.', value: ({ memory }) => memory?.bytes ?? null, format: (value) => formatBytes(value) },
];

/** The engines side by side at a recall. */
export function BenchTable({ report, target, doing }: BenchTableProps) {
  const engines = ENGINES.map((info) => ({ info, result: report?.engines.find(({ id }) => id === info.id) ?? null }));
  const points = engines.map(({ result }) => (result?.status === 'measured' ? fastestAt(result.points, target) : null));
  return (
    <table class="engines">
      <caption class="sr">The engines compared</caption>
      <thead>
        <tr>
          {engines.map(({ info }, i) => (
            <th key={info.id} scope="col">
              <span class={`key is-${i}`}>{info.name}</span> <span class="version num">{info.version}</span>
            </th>
          ))}
        </tr>
        <tr class="doing">
          {engines.map(({ info, result }) => (
            <td key={info.id} data-engine={info.id} data-status={result?.status ?? 'open'}>
              {result === null ? doing(info.id) : result.status === 'failed' ? 'did not run' : 'measured'}
            </td>
          ))}
        </tr>
      </thead>
      <tbody>
        {MEASURES.map(({ name, about, value, format, best }) => {
          const values = engines.map(({ result }, i) => (result?.status === 'measured' ? value(result, points[i]) : null));
          const known = values.filter((each) => each !== null);
          const winner = best === undefined || known.length < 2 ? null : Math[best === 'most' ? 'max' : 'min'](...known);
          return (
            <Fragment key={name}>
              <Row>
                <strong>{name}</strong> <span>{about}</span>
              </Row>
              <tr class="num">
                {values.map((each, i) => (
                  <td key={engines[i].info.id} data-engine={engines[i].info.id} data-measure={name} class={each !== null && each === winner ? 'best' : ''}>
                    {each === null ? blank(name, engines[i].result, target) : format(each, report?.device.clockMs ?? 0)}
                  </td>
                ))}
              </tr>
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

function blank(name: string, result: ReportEngine | null, target: number): string {
  if (result?.status !== 'measured') return '–';
  return name === 'Memory' ? 'not known' : `below ${formatShare(target)}`;
}

function Row({ children }: { children: ComponentChildren }) {
  return (
    <tr class="about">
      <th scope="rowgroup" colSpan={ENGINES.length}>
        {children}
      </th>
    </tr>
  );
}
