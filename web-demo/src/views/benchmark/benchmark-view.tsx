/** This device against other engines that run in a browser: the same rows, the same queries, recall beside speed. */
import { useMemo } from 'preact/hooks';
import type { ViewProps } from '../../collections/dataset.ts';
import type { Curve } from '../../measure/curve-data.ts';
import { RecallChooser, recallParam } from '../../measure/recall-chooser.tsx';
import { RowsChooser, rowsParam } from '../../measure/rows-chooser.tsx';
import { rowsMax } from '../../measure/sample.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { formatCount, formatShare } from '../../util/format.ts';
import { useLoaded } from '../../util/loaded.ts';
import { changeParams, intParam } from '../../util/route.ts';
import { useStore } from '../../util/store.ts';
import { BenchTable } from './bench-table.tsx';
import { DeviceFacts } from './device-facts.tsx';
import { ENGINES } from './engines/list.ts';
import type { EngineId } from './engines/engine.ts';
import { save } from './save.ts';
import { textOf } from './report.ts';
import type { Report } from './report.ts';
import { orderOf } from './order.ts';
import { bench, cancel, PARAMS, reportKey, start } from './runs.ts';
import './benchmark.css';

const TARGETS = [0.8, 0.9, 0.95, 0.99];
const SEED = 1;

export function BenchmarkView({ open, params }: ViewProps) {
  const { dataset } = open;
  const { phase, rows: there } = useStore(open.state);
  const { running, reports, failures } = useStore(bench);
  const { dim } = dataset.vector;
  const rows = rowsParam(params, Math.min(there, rowsMax(dim)));
  const seed = intParam(params, 'seed', { min: 0, max: 999_999_999, otherwise: SEED });
  const target = recallParam(params, TARGETS);
  const nextSeed = (seed % 999_999_999) + 1;
  const key = reportKey(open, rows);
  const report = reports.get(key) ?? null;
  const failure = failures.get(key);
  const mine = running?.collection === dataset.id ? running : null;
  const curves = useMemo(() => (report === null ? [] : curvesOf(report)), [report]);
  const hasCurves = curves.length > 0;
  const Chart = useLoaded(hasCurves ? async () => (await import('../../measure/curve-chart.tsx')).CurveChart : undefined, hasCurves);

  if (there === 0) return <p class="waiting">Nothing is here yet to measure with.</p>;
  const doing = (id: EngineId): string => (mine === null ? 'not measured yet' : mine.engine === id ? `${mine.progress.label.toLowerCase()}…` : 'waiting');
  const failed = report?.engines.filter((engine) => engine.status === 'failed') ?? [];
  const noted = report?.engines.flatMap((engine) => (engine.status === 'measured' && engine.note !== null ? [{ name: engine.name, note: engine.note }] : [])) ?? [];
  return (
    <div class="benchmark">
      <section class="bench-head" aria-label="Benchmark">
        <h1>This device, four engines</h1>
        <p class="hint">
          The same {dataset.noun.many}, the same 100 queries, the ten nearest by cosine. Each engine runs alone, in a worker, on one thread, in memory; graphs have M {PARAMS.M} and efConstruction{' '}
          {PARAMS.efConstruction}.
        </p>
        <div class="choosers">
          <RowsChooser params={params} there={there} most={rowsMax(dim)} />
          <RecallChooser offered={TARGETS} chosen={target} />
          {running === null ? (
            <button type="button" class="primary" disabled={phase !== 'ready'} onClick={() => void start(open, rows, seed)}>
              {report === null ? 'Run the benchmark' : 'Run it again'}
            </button>
          ) : (
            <button type="button" onClick={cancel}>
              Cancel
            </button>
          )}
        </div>
        {running !== null && (
          <div class="bench-run">
            <p role="status">
              {mine === null ? 'Another collection is being measured' : mine.engine === null ? mine.progress.label : `${ENGINES.find(({ id }) => id === mine.engine)!.name}: ${mine.progress.label.toLowerCase()}`}
            </p>
            <progress max={100} value={Math.round(100 * running.progress.share)} aria-label="Progress">
              {Math.round(100 * running.progress.share)} %
            </progress>
          </div>
        )}
        {failure !== undefined && (
          <p class="notice" role="alert">
            {failure}
          </p>
        )}
      </section>
      {hasCurves && Chart !== null && <Chart curves={curves} label={chartLabel(report!)} />}
      <BenchTable report={report} target={target} doing={doing} />
      {failed.map(({ id, name, reason }) => (
        <p key={id} class="notice" data-failed={id}>
          <strong>{name}</strong> did not run here: {reason}
        </p>
      ))}
      <section class="bench-notes" aria-label="What is compared">
        <h2>What is compared, and what is not</h2>
        <ul>
          {ENGINES.map(({ id, name, what, remark }) => (
            <li key={id}>
              <strong>{name}</strong>: {what}. {remark} {noted.find((each) => each.name === name)?.note}
            </li>
          ))}
          <li>
            All are compared by cosine, the one metric of Orama. Speeds of different recall say nothing about each other, so the table shows each engine’s fastest setting that finds {formatShare(target)} or more. They {report === null ? 'run' : 'ran'} in the order{' '}
            {orderOf(report?.seed ?? seed).map(({ name }) => name).join(', ')} (seed {report?.seed ?? seed}).
          </li>
        </ul>
      </section>
      {report !== null && (
        <section class="bench-report" aria-label="Report">
          <DeviceFacts report={report} />
          <p class="actions">
            <CopyButton label="Copy the report as JSON" text={() => textOf(report)} />
            <button type="button" onClick={() => save(`elanus-report-${report.data.collection}-${report.data.rows}.json`, textOf(report))}>
              Save it as a file
            </button>
            <button type="button" onClick={() => changeParams({ seed: nextSeed }, { replace: true })} title={`Next run: ${orderOf(nextSeed).map(({ name }) => name).join(', ')}`}>
              Another order
            </button>
          </p>
        </section>
      )}
    </div>
  );
}

function curvesOf({ engines }: Report): Curve[] {
  return ENGINES.flatMap(({ id, name }, tone) => {
    const engine = engines.find((each) => each.id === id);
    if (engine?.status !== 'measured') return [];
    return [{ name, tone, points: engine.points.map(({ ef, recall, latencyMs }) => ({ ms: latencyMs.mean, recall, label: ef === null ? 'scan' : `ef ${ef}` })) }];
  });
}

function chartLabel({ engines, data }: Report): string {
  const spans = engines.flatMap((engine) => (engine.status === 'measured' ? [`${engine.name}: recall up to ${formatShare(Math.max(...engine.points.map(({ recall }) => recall)))}`] : []));
  return `Recall over the mean time of a search among ${formatCount(data.rows)} rows. ${spans.join('; ')}.`;
}
