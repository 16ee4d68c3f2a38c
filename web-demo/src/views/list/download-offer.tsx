/** What is fetched only when the visitor asks for it: how large it is, and how far. */
import type { Download, DownloadState } from '../../collections/dataset.ts';
import { formatBytes } from '../../util/format.ts';
import { createStore, useStore } from '../../util/store.ts';

export const NOTHING_TO_FETCH = createStore<DownloadState>({ phase: 'ready', share: 1, error: null });

export function DownloadOffer({ download }: { download: Download }) {
  const { phase, share, error } = useStore(download.state);
  if (phase === 'ready') return null;
  const percent = Math.round(100 * share);
  return (
    <div class="download-offer" role="status">
      {phase === 'loading' ? (
        <>
          <span>
            Fetching {download.about}, <span class="num">{percent} %</span>
          </span>
          <progress max={100} value={percent} aria-label="Progress">
            {percent} %
          </progress>
        </>
      ) : (
        <>
          <span>
            {phase === 'failed' && <b>{error} </b>}
            To search by meaning, typed text needs {download.about} ({formatBytes(download.bytes)}; nothing where the browser still has it).
          </span>
          <button type="button" onClick={() => void download.start().catch(() => {})}>
            {phase === 'failed' ? 'Try again' : 'Load it'}
          </button>
        </>
      )}
    </div>
  );
}
