import { useState } from 'preact/hooks';
import { CopyButton } from '../../ui/copy-button.tsx';
import { checkedCode, plainCode } from './code.ts';
import type { CodeOf } from './code.ts';

/** The call behind what is shown. */
export function CopyCode({ of }: { of: CodeOf }) {
  const [isChecked, setChecked] = useState(false);
  const checked = checkedCode(of);
  const code = isChecked && checked !== null ? checked : plainCode(of);
  return (
    <section class="box as-code" aria-label="As code">
      <h2>
        As code
        {checked !== null && (
          <span class="segmented" role="group" aria-label="How the filter is written">
            <button type="button" aria-pressed={!isChecked} onClick={() => setChecked(false)}>
              text
            </button>
            <button type="button" aria-pressed={isChecked} onClick={() => setChecked(true)}>
              elanus/filter
            </button>
          </span>
        )}
        <CopyButton text={() => code} label="Copy" />
      </h2>
      <pre tabIndex={0} aria-label="Code">
        {code}
      </pre>
    </section>
  );
}
