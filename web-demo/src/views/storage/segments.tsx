/** How the rows of a collection lie: in segments, which are files, and fresh ones in the log. */
import type { CollectionStats, SegmentStats } from 'elanus';
import { formatBytes, formatCount } from '../../util/format.ts';

const LISTED = 30;
const WIDTH = 600;
const GAP = 4;

export function Segments({ stats }: { stats: CollectionStats }) {
  const { segments, logBytes } = stats;
  const fresh = segments.filter(({ state }) => state === 'growing').reduce((sum, { rows }) => sum + rows, 0);
  return (
    <div class="segments">
      <Strip segments={segments} />
      <div class="table" role="region" aria-label="Segments" tabIndex={0}>
        <table class="num">
          <thead>
            <tr>
              <th scope="col">Segment</th>
              <th scope="col">Rows</th>
              <th scope="col">Deleted</th>
              <th scope="col">Index</th>
              <th scope="col">File</th>
              <th scope="col">Memory</th>
            </tr>
          </thead>
          <tbody>
            {segments.slice(0, LISTED).map((segment, i) => (
              <tr key={i}>
                <th scope="row">{segment.state === 'growing' ? 'fresh rows' : segment.segmentId}</th>
                <td>{formatCount(segment.rows)}</td>
                <td>{formatCount(segment.deletedRows)}</td>
                <td>{indexText(segment)}</td>
                <td>{segment.state === 'growing' ? 'in the log' : formatBytes(segment.storedBytes)}</td>
                <td>{formatBytes(segment.memoryBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {segments.length > LISTED && <p class="hint">and {formatCount(segments.length - LISTED)} more</p>}
      </div>
      <p class="hint num">
        Log: {formatBytes(logBytes)}
        {fresh === 0 ? ', no fresh rows' : `, with ${formatCount(fresh)} ${fresh === 1 ? 'row' : 'rows'} since the last flush`}.
      </p>
    </div>
  );
}

function indexText({ indexes, state }: SegmentStats): string {
  const names = Object.entries(indexes).map(([name, type]) => `${name}: ${type}`);
  return names.length > 0 ? names.join(', ') : state === 'growing' ? 'scanned' : 'none, scanned';
}

/** A strip of segments as wide as they have rows; what is deleted of each is pale. */
function Strip({ segments }: { segments: readonly SegmentStats[] }) {
  const shown = segments.filter(({ rows }) => rows > 0);
  const total = shown.reduce((sum, { rows }) => sum + rows, 0);
  if (total === 0) return <p class="hint">No rows yet.</p>;
  const room = WIDTH - GAP * (shown.length - 1);
  let x = 0;
  const parts = shown.map((segment) => {
    const width = Math.max(1, (room * segment.rows) / total);
    const part = { segment, x, width, live: (width * (segment.rows - segment.deletedRows)) / segment.rows };
    x += width + GAP;
    return part;
  });
  const sealed = shown.filter(({ state }) => state === 'sealed').length;
  return (
    <svg class="strip" viewBox={`0 0 ${Math.max(WIDTH, x - GAP)} 24`} preserveAspectRatio="none" role="img" aria-label={`${sealed} sealed ${sealed === 1 ? 'segment' : 'segments'}${sealed < shown.length ? ' and fresh rows' : ''}, by rows`}>
      {parts.map(({ segment, x: from, width, live }, i) => (
        <g key={i} class={segment.state === 'growing' ? 'is-fresh' : ''}>
          <rect class="dead" x={from} width={width} height={24} rx={3} />
          <rect class="live" x={from} width={live} height={24} rx={3} />
        </g>
      ))}
    </svg>
  );
}
