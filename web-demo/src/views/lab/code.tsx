import { useState } from 'preact/hooks';
import type { Metric } from '../../measure/truth.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { pointAt } from './experiment.ts';
import type { Outcome } from './experiment.ts';
import type { Shape } from './param.ts';
import type { Setting, Slot } from './setting.ts';
import { snippetOf } from './snippet.ts';

interface CodeProps {
  readonly settings: readonly (readonly [Slot, Setting, Outcome | null])[];
  readonly metric: Metric;
  readonly shape: Shape;
  readonly target: number;
}

/** The program that does what the lab did, to copy. */
export function Code({ settings, metric, shape, target }: CodeProps) {
  const [slot, setSlot] = useState<Slot>('a');
  const [, setting, outcome] = settings.find(([each]) => each === slot) ?? settings[0];
  const text = snippetOf({ setting, metric, ...shape, params: outcome === null ? null : pointAt(outcome.points, target).params });
  return (
    <section class="code" aria-label="The code">
      <header>
        <h2>The code</h2>
        {settings.length > 1 && (
          <div class="segmented" role="group" aria-label="Setting of the code">
            {settings.map(([each]) => (
              <button key={each} type="button" aria-pressed={each === slot} onClick={() => setSlot(each)}>
                {each.toUpperCase()}
              </button>
            ))}
          </div>
        )}
        <CopyButton label="Copy" text={() => text} title="Copy the code" />
      </header>
      <pre tabIndex={0} role="region" aria-label="Program">
        <code>{text}</code>
      </pre>
    </section>
  );
}
