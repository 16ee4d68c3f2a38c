/** How a search went: its latency, and its recall against an exact scan. */
import { formatMs, formatShare } from '../util/format.ts';

export interface Measured {
  readonly k: number;
  /** From the call in the page to its hits, there and back to the engine's worker; median of some. */
  readonly searchMs: number;
  /** Of a scan over all vectors in plain JavaScript; null while the page has not all of them. */
  readonly exactMs: number | null;
  readonly recall: number | null;
  /** False: the index is still being built, so the database scanned. */
  readonly indexed: boolean;
}

export function Metrics({ measured }: { measured: Measured | null }) {
  const recall = measured?.recall ?? null;
  const exactMs = measured?.exactMs ?? null;
  return (
    <dl class="metrics" aria-live="polite">
      <div>
        <dt>Search</dt>
        <dd class="num" data-metric="latency">
          {measured ? formatMs(measured.searchMs) : '–'}
        </dd>
        <dd class="note">{measured?.indexed === false ? 'scan, no index yet' : 'HNSW, median of 5'}</dd>
      </div>
      <div>
        <dt>Recall@{measured?.k ?? 'k'}</dt>
        <dd class="num" data-metric="recall">
          {recall === null ? '–' : formatShare(recall)}
        </dd>
        <dd class="note">of the true nearest found</dd>
      </div>
      <div>
        <dt>Exact scan</dt>
        <dd class="num" data-metric="exact">
          {exactMs === null ? '–' : formatMs(exactMs)}
        </dd>
        <dd class="note">plain JavaScript, to compare</dd>
      </div>
    </dl>
  );
}
