import { formatCount } from '../../util/format.ts';
import { useStore } from '../../util/store.ts';
import { adding, cancel } from './adding.ts';
import { Heading } from './heading.tsx';
import type { Step } from './make.ts';

const STEPS: readonly Step[] = ['look', 'embedder', 'write', 'index'];

/** How far a collection is. */
export function MakingPanel() {
  const { mapping, begun, progress } = useStore(adding);
  const title = begun?.title ?? mapping?.title ?? '';
  const from = begun !== null ? begun.embedder.kind : mapping?.from === 'column' ? 'file' : mapping?.embedder === 'latent' ? 'latent' : 'model';
  const names: Record<Step, string | null> = {
    look: 'Look at all rows',
    embedder: from === 'file' ? null : from === 'latent' ? 'Learn which words go together' : 'Fetch the model',
    write: from === 'file' ? 'Write' : 'Embed and write',
    index: 'Build the index',
  };
  const shown = STEPS.filter((step) => names[step] !== null);
  const at = progress === null ? -1 : shown.indexOf(progress.step);
  const percent = Math.round(100 * (progress?.share ?? 0));
  return (
    <section class="panel making" aria-labelledby="making-title">
      <Heading id="making-title">Making “{title}”</Heading>
      <ol class="steps">
        {shown.map((step, i) => (
          <li key={step} class={i < at ? 'is-done' : i === at ? 'is-now' : ''} aria-current={i === at ? 'step' : undefined}>
            {names[step]}
            {i === at && progress !== null && <span class="num soft"> {counted(step, progress.done, progress.total)}</span>}
          </li>
        ))}
      </ol>
      <progress max={100} value={percent} aria-label="Progress">
        {percent} %
      </progress>
      <p class="actions">
        <button type="button" onClick={cancel}>
          Cancel
        </button>
        <span class="soft">You can look at other collections meanwhile.</span>
      </p>
    </section>
  );
}

function counted(step: Step, done: number, total: number): string {
  if (step === 'embedder') return total === 0 ? '' : `${Math.round((100 * done) / total)} %`;
  if (step === 'index' && done === 0) return '';
  if (total === 0) return done === 0 ? '' : formatCount(done);
  return `${formatCount(done)} of ${formatCount(total)}`;
}
