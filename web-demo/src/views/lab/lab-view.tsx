/** The index lab: settings of an index, built over a copy of the collection's rows and measured against exact search. */
import { recommendIndex } from 'elanus';
import type { Recommendation } from 'elanus';
import { useMemo, useRef } from 'preact/hooks';
import type { ViewProps } from '../../collections/dataset.ts';
import type { Curve } from '../../measure/curve-data.ts';
import { rowsMax } from '../../measure/sample.ts';
import type { Metric } from '../../measure/truth.ts';
import { RecallChooser, recallParam } from '../../measure/recall-chooser.tsx';
import { RowsChooser, rowsParam } from '../../measure/rows-chooser.tsx';
import { bringIntoView } from '../../ui/bring-into-view.ts';
import { formatCount, formatShare } from '../../util/format.ts';
import { useLoaded } from '../../util/loaded.ts';
import { changeParams } from '../../util/route.ts';
import { useStore } from '../../util/store.ts';
import { Code } from './code.tsx';
import { CurveTable } from './curve-table.tsx';
import type { Outcome } from './experiment.ts';
import { LabTable } from './lab-table.tsx';
import type { Shape } from './param.ts';
import { RunPanel } from './run-panel.tsx';
import { jobKey, runs } from './runs.ts';
import type { Job } from './runs.ts';
import { SettingCard } from './setting-card.tsx';
import { changesOf, chooseIndex, indexOf, nameOf, readSetting, settingOf } from './setting.ts';
import type { Setting, Slot } from './setting.ts';
import './lab.css';

const METRICS: readonly Metric[] = ['L2', 'IP', 'COSINE'];
const TARGETS = [0.8, 0.9, 0.95, 0.99, 1];

export function LabView({ open, params }: ViewProps) {
  const { dataset } = open;
  const { phase, rows: there, version } = useStore(open.state);
  const { outcomes } = useStore(runs);
  const { dim } = dataset.vector;
  const metric = METRICS.find((each) => each === params.get('metric')) ?? dataset.vector.metric;
  const target = recallParam(params, TARGETS);
  const rows = rowsParam(params, Math.min(there, rowsMax(dim)));
  const shape: Shape = useMemo(() => ({ rows, dim }), [rows, dim]);
  const proposed = useLoaded<Recommendation>(() => recommendIndex({ rows, dim, metric }), `${rows} ${dim} ${metric}`);
  const settings = settingsOf(params, shape, proposed);
  const results = useRef<HTMLElement>(null);

  const jobOf = (setting: Setting): Job => ({ open, rows, metric, setting });
  const outcomeOf = (setting: Setting): Outcome | null => outcomes.get(jobKey(jobOf(setting))) ?? null;
  const measured = settings.flatMap(([slot, setting]) => {
    const outcome = outcomeOf(setting);
    return outcome === null ? [] : [[slot, outcome] as const];
  });
  const curves = useMemo(() => measured.map(([slot, outcome]) => curveOf(slot, outcome)), [version, ...measured.map(([, outcome]) => outcome), measured.length]);
  const Chart = useLoaded(measured.length === 0 ? undefined : async () => (await import('../../measure/curve-chart.tsx')).CurveChart, measured.length === 0 ? 'none' : 'chart');

  const put = (slot: Slot, setting: Setting) => changeParams(changesOf(params, slot, setting, shape), { replace: true });
  if (there === 0) return <p class="waiting">Nothing is here yet to build an index over.</p>;
  if (settings.length === 0) return <p class="waiting">Opening…</p>;
  return (
    <div class="lab">
      <section class="lab-settings" aria-label="Settings">
        <h1>Index lab</h1>
        <p class="hint">
          Builds indexes over a copy of the {dataset.noun.many} in memory and compares their answers with the exact ones. The collection stays as it is.
        </p>
        <div class="choosers">
          <RowsChooser params={params} there={there} most={rowsMax(dim)} />
          <label>
            Metric
            <select value={metric} onChange={(event) => changeParams({ metric: event.currentTarget.value === dataset.vector.metric ? null : event.currentTarget.value }, { replace: true })}>
              {METRICS.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <RecallChooser offered={TARGETS} chosen={target} />
        </div>
        {settings.map(([slot, setting]) => (
          <SettingCard
            key={slot}
            slot={slot}
            setting={setting}
            shape={shape}
            why={slot === 'a' && !params.has('a') ? proposed?.why : undefined}
            onChange={(next) => put(slot, next)}
            onRemove={slot === 'b' ? () => changeParams(chooseIndex(params, 'b', null), { replace: true }) : undefined}
          >
            <RunPanel job={jobOf(setting)} outcome={outcomeOf(setting)} isReady={phase === 'ready'} onShow={() => bringIntoView(results.current)} />
          </SettingCard>
        ))}
        {settings.length === 1 && (
          <button type="button" onClick={() => put('b', settingOf(indexOf(settings[0][1].info.type === 'HNSW' ? 'HNSW_SQ' : 'HNSW')!, shape, () => null))}>
            Compare with a second setting
          </button>
        )}
      </section>
      <section class="lab-results" ref={results} aria-label="Results">
        {measured.length === 0 ? (
          <p class="empty">Build a setting to see how much of the truth it finds, how fast, and what it costs.</p>
        ) : (
          <>
            {Chart !== null && <Chart curves={curves} label={chartLabel(measured)} />}
            <LabTable outcomes={measured} target={target} />
            <details>
              <summary>The curve in numbers</summary>
              <div class="point-tables">
                {measured.map(([slot, outcome]) => (
                  <CurveTable key={slot} slot={slot} outcome={outcome} />
                ))}
              </div>
            </details>
            <p class="hint">
              Queries are {formatCount(measured[0][1].queries)} of the {formatCount(measured[0][1].rows)} rows, the same ones for every setting, asked one at a time. Every search goes to the engine’s worker and back, which
              takes a tenth of a millisecond or two: among few rows that is most of its time (the benchmark measures without it). Browsers round their clocks, often to a tenth of a millisecond.
            </p>
          </>
        )}
        <Code settings={settings.map(([slot, setting]) => [slot, setting, outcomeOf(setting)] as const)} metric={metric} shape={shape} target={target} />
      </section>
    </div>
  );
}

/** A is what the link says, or what the library proposes; B only where the link has it. */
function settingsOf(params: URLSearchParams, shape: Shape, proposed: Recommendation | null): (readonly [Slot, Setting])[] {
  const a = readSetting(params, 'a', shape) ?? (proposed && proposedSetting(proposed, shape));
  const b = readSetting(params, 'b', shape);
  if (a === null) return [];
  return b === null ? [['a', a]] : [['a', a], ['b', b]];
}

function proposedSetting({ index, params }: Recommendation, shape: Shape): Setting {
  const texts: Readonly<Record<string, unknown>> = { ...index.params, ...params };
  return settingOf(indexOf(index.type) ?? indexOf('FLAT')!, shape, (name) => (name in texts ? String(texts[name]) : null));
}

function curveOf(slot: Slot, { setting, points }: Outcome): Curve {
  const name = `${slot.toUpperCase()}: ${nameOf(setting)}`;
  const label = (value: number | null) => (value === null ? 'scan' : `${setting.info.sweep!.name} ${value}`);
  return { name, tone: slot === 'a' ? 0 : 1, points: points.map(({ value, recall, latency }) => ({ ms: latency.mean, recall, label: label(value) })) };
}

function chartLabel(measured: readonly (readonly [Slot, Outcome])[]): string {
  const spans = measured.map(([slot, { points, setting }]) => `${slot.toUpperCase()}, ${setting.info.type}: recall from ${formatShare(points[0].recall)} to ${formatShare(Math.max(...points.map(({ recall }) => recall)))}`);
  return `Recall over the mean time of a search. ${spans.join('; ')}.`;
}
