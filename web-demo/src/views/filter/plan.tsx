/** How a read was done, as `explain` tells it. */
import type { Explanation, SegmentTrace } from 'elanus';
import { formatCount, formatMs, formatShare } from '../../util/format.ts';

interface PlanProps {
  readonly explanation: Explanation;
  /** The same read before an index was made. */
  readonly before: Explanation | null;
}

export function Plan({ explanation, before }: PlanProps) {
  const { filter, matchedRows, seenRows, selectivity, skippedSegments, segments } = explanation;
  return (
    <section class="box plan" aria-label="How it was done">
      <h2>How it was done</h2>
      <dl class="facts">
        <div>
          <dt>Understood as</dt>
          <dd>
            <code>{filter ?? 'no filter: every row'}</code>
          </dd>
        </div>
        <div>
          <dt>Matches</dt>
          <dd class="num">
            {formatCount(matchedRows)} of {formatCount(seenRows)} rows ({formatShare(selectivity)})
          </dd>
        </div>
        <div>
          <dt>Segments</dt>
          <dd class="num">
            {formatCount(segments.length)} looked at, {formatCount(skippedSegments)} skipped
          </dd>
        </div>
      </dl>
      <Times explanation={explanation} before={before} />
      <Segments segments={segments} />
    </section>
  );
}

interface Step {
  readonly title: string;
  readonly ms: number;
}

const sum = (segments: readonly SegmentTrace[], pick: (segment: SegmentTrace) => number): number => segments.reduce((total, segment) => total + pick(segment), 0);

/** Segments are looked at one after the other, so what is left is merging, reading and waiting. */
function stepsOf({ compileMs, segments, totalMs }: Explanation): Step[] {
  const filterMs = sum(segments, (segment) => segment.filterMs);
  const searchMs = sum(segments, (segment) => segment.searchMs);
  return [
    { title: 'Reading the filter', ms: compileMs },
    { title: 'Finding rows that match', ms: filterMs },
    ...(segments.some(({ strategy }) => strategy !== null) ? [{ title: 'Finding the nearest of them', ms: searchMs }] : []),
    { title: 'Putting together the answer', ms: Math.max(0, totalMs - compileMs - filterMs - searchMs) },
  ];
}

function Times({ explanation, before }: PlanProps) {
  const steps = stepsOf(explanation);
  const earlier = before && stepsOf(before);
  const longest = Math.max(...steps.map(({ ms }) => ms), ...(earlier ?? []).map(({ ms }) => ms), 0.01);
  return (
    <table class="times num">
      <caption class="sr">Time of each step</caption>
      <thead class={before === null ? 'sr' : ''}>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">
            <span class="sr">Length</span>
          </th>
          <th scope="col">{before === null ? 'Time' : 'Now'}</th>
          {before !== null && <th scope="col">Before</th>}
        </tr>
      </thead>
      <tbody>
        {steps.map(({ title, ms }, i) => (
          <tr key={title}>
            <th scope="row">{title}</th>
            <td>
              <Bar share={ms / longest} earlier={earlier === null || earlier[i] === undefined ? null : earlier[i].ms / longest} />
            </td>
            <td>{formatMs(ms)}</td>
            {earlier !== null && <td>{earlier[i] === undefined ? '' : formatMs(earlier[i].ms)}</td>}
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">In the engine, all together</th>
          <td />
          <td>{formatMs(explanation.totalMs)}</td>
          {before !== null && <td>{formatMs(before.totalMs)}</td>}
        </tr>
      </tfoot>
    </table>
  );
}

function Bar({ share, earlier }: { share: number; earlier: number | null }) {
  return (
    <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="is-now" width={Math.max(0.8, 100 * share)} height={earlier === null ? 10 : 5} />
      {earlier !== null && <rect class="is-before" y={6} width={Math.max(0.8, 100 * earlier)} height={4} />}
    </svg>
  );
}

const FILTERED: Readonly<Record<SegmentTrace['filteredBy'], string>> = {
  nothing: 'no filter',
  memory: 'remembered',
  zones: 'least and greatest values alone',
  indexes: 'index',
  scan: 'reading columns',
  both: 'index, then columns',
};

const SEARCHED = { walk: 'walk of the graph', scan: 'scan of the matching rows', lists: 'lists' } as const;

/** What was done, and by which index it was decided. */
function strategyOf({ strategy, searchedBy }: SegmentTrace): string {
  if (strategy === null) return 'not searched';
  const how = searchedBy === null ? 'index' : SEARCHED[searchedBy];
  return strategy === 'FLAT' ? how : `${how} (${strategy})`;
}

/** More are told as a sum only. */
const LISTED = 12;

function Segments({ segments }: { segments: Explanation['segments'] }) {
  if (segments.length === 0) return null;
  const isSearch = segments.some(({ strategy }) => strategy !== null);
  return (
    <div class="table" role="region" aria-label="Segments" tabIndex={0}>
      <table class="num">
        <thead>
          <tr>
            <th scope="col">Segment</th>
            <th scope="col">Rows</th>
            <th scope="col">Filter by</th>
            <th scope="col">Expected</th>
            <th scope="col">Matched</th>
            {isSearch && <th scope="col">Nearest by</th>}
            {isSearch && <th scope="col">Compared</th>}
          </tr>
        </thead>
        <tbody>
          {segments.slice(0, LISTED).map((segment) => (
            <tr key={`${segment.segmentId} ${segment.partitionId}`}>
              <th scope="row">{segment.segmentId ?? 'fresh rows'}</th>
              <td>{formatCount(segment.rows)}</td>
              <td class="by">
                {FILTERED[segment.filteredBy]}
                {(segment.indexes.length > 0 || segment.scannedFields.length > 0) && <code>{[...segment.indexes, ...segment.scannedFields.filter((name) => !segment.indexes.includes(name))].join(', ')}</code>}
              </td>
              <td>{segment.estimatedRows === null ? 'unknown' : formatCount(segment.estimatedRows)}</td>
              <td>{formatCount(segment.matchedRows)}</td>
              {isSearch && <td class="by">{strategyOf(segment)}</td>}
              {isSearch && <td>{segment.comparedRows === null ? '' : formatCount(segment.comparedRows)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {segments.length > LISTED && <p class="hint">and {formatCount(segments.length - LISTED)} more</p>}
    </div>
  );
}
