import { useEffect, useRef, useState } from 'preact/hooks';

interface ConfirmButtonProps {
  readonly label: string;
  readonly question: string;
  /** What is done when one agrees. */
  readonly agree: string;
  readonly disabled?: boolean;
  readonly onAgree: () => void;
}

/** A button that asks before it does what cannot be undone. */
export function ConfirmButton({ label, question, agree, disabled, onAgree }: ConfirmButtonProps) {
  const [isAsking, setAsking] = useState(false);
  const keep = useRef<HTMLButtonElement>(null);
  const first = useRef<HTMLButtonElement>(null);
  const wasAsking = useRef(false);
  useEffect(() => {
    if (isAsking) keep.current?.focus();
    else if (wasAsking.current) first.current?.focus();
    wasAsking.current = isAsking;
  }, [isAsking]);
  if (!isAsking) {
    return (
      <button type="button" ref={first} disabled={disabled} onClick={() => setAsking(true)}>
        {label}
      </button>
    );
  }
  return (
    <span class="confirm" role="alertdialog" aria-label={question} onKeyDown={(event) => event.key === 'Escape' && setAsking(false)}>
      {question}
      <button
        type="button"
        class="primary"
        onClick={() => {
          setAsking(false);
          onAgree();
        }}
      >
        {agree}
      </button>
      <button type="button" ref={keep} onClick={() => setAsking(false)}>
        Keep it
      </button>
    </span>
  );
}
