import { databaseState } from '../session/database.ts';
import type { CollectionState, OpenCollection } from '../session/open-collection.ts';
import { formatBytes, formatCount, formatMs } from '../util/format.ts';
import { createStore, useStore } from '../util/store.ts';

const KERNELS = { relaxed: 'relaxed SIMD', simd: 'SIMD', scalar: 'no WebAssembly' } as const;
const PHASES = { opening: 'Opening', filling: 'Building', ready: 'Ready', failed: 'Stopped' } as const;

const NOTHING = createStore<Pick<CollectionState, 'phase' | 'rows' | 'storedBytes' | 'reopened'>>({ phase: 'opening', rows: 0, storedBytes: 0, reopened: false });

/** What runs where, how much, and how long opening took. */
export function StatusBar({ open }: { open: OpenCollection | null }) {
  const { phase: databasePhase, stats, memoryReason, warning, openMs, isBeside } = useStore(databaseState);
  const { phase: collectionPhase, rows, storedBytes, reopened } = useStore(open?.state ?? NOTHING);
  const phase = databasePhase === 'failed' ? 'failed' : collectionPhase;
  return (
    <footer class="status" aria-label="Status" tabIndex={0}>
      <span class={`phase is-${phase}`}>{PHASES[phase]}</span>
      <dl>
        {stats !== null && (
          <>
            <Fact name="Engine">{stats.engineThread === 'worker' ? 'in a worker' : 'on this thread'}</Fact>
            <Fact name="Kernels" title={stats.kernelsReason}>
              {KERNELS[stats.kernels]}
            </Fact>
          </>
        )}
        {rows > 0 && <Fact name="Rows">{formatCount(rows)}</Fact>}
        <Fact name="Storage" title={memoryReason ?? undefined}>
          {memoryReason === null ? 'IndexedDB' : `memory only: ${memoryReason}`}
          {storedBytes > 0 && memoryReason === null && `, ${formatBytes(storedBytes)}`}
        </Fact>
        {openMs !== null && <Fact name={reopened ? 'Reopened in' : 'Opened in'}>{formatMs(openMs)}</Fact>}
        {isBeside && <Fact name="Beside">another tab, which looks after the files</Fact>}
        {warning !== null && <Fact name="Warning">{warning}</Fact>}
      </dl>
    </footer>
  );
}

function Fact({ name, title, children }: { name: string; title?: string; children: preact.ComponentChildren }) {
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
