import { session } from '../session/session.ts';
import type { SessionState } from '../session/session.ts';
import { formatBytes, formatCount, formatMs } from '../util/format.ts';
import { useStore } from '../util/store.ts';

const KERNELS = { relaxed: 'relaxed SIMD', simd: 'SIMD', scalar: 'no WebAssembly' } as const;
const PHASES: Record<SessionState['phase'], string> = { opening: 'Opening', filling: 'Building', ready: 'Ready', failed: 'Stopped' };

/** What runs where, how much, and how long opening took. */
export function StatusBar() {
  const { phase, stats, rows, memoryReason, warning, storedBytes, openMs, reopened, isBeside } = useStore(session);
  return (
    <footer class="status">
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
          {storedBytes !== null && storedBytes > 0 && memoryReason === null && `, ${formatBytes(storedBytes)}`}
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
