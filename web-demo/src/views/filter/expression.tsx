import { useId, useRef } from 'preact/hooks';
import type { Mistake } from './use-answer.ts';

interface ExpressionProps {
  readonly text: string;
  readonly mistake: Mistake | null;
  /** The conditions above no longer say what the text says. */
  readonly isByHand: boolean;
  readonly onText: (text: string) => void;
  readonly onBack: () => void;
}

/** The filter as text, to be read or written; a mistake is shown at its place. */
export function Expression({ text, mistake, isByHand, onText, onBack }: ExpressionProps) {
  const id = useId();
  const editor = useRef<HTMLTextAreaElement>(null);
  const goTo = (position: number): void => {
    editor.current?.focus();
    editor.current?.setSelectionRange(position, position);
  };
  return (
    <section class="box expression" aria-label="Expression">
      <h2>
        <label for={id}>Expression</label>
        {isByHand && (
          <button type="button" class="quiet" onClick={onBack}>
            Back to the builder
          </button>
        )}
      </h2>
      <textarea
        id={id}
        ref={editor}
        rows={Math.min(10, Math.max(2, Math.ceil(text.length / 48) + text.split('\n').length - 1))}
        spellcheck={false}
        autocapitalize="off"
        placeholder="Every row matches. Add a condition above, or write one here."
        aria-invalid={mistake !== null}
        aria-describedby={mistake === null ? undefined : `${id}-mistake`}
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
      />
      {mistake !== null && (
        <div class="mistake" id={`${id}-mistake`} role="alert">
          <p>{mistake.sentence}</p>
          <pre>{mistake.excerpt}</pre>
          <p class="expected">
            Expected: {mistake.expected}{' '}
            <button type="button" class="quiet" onClick={() => goTo(mistake.position)}>
              Go there
            </button>
          </p>
        </div>
      )}
    </section>
  );
}
