import { useEffect, useState } from 'preact/hooks';

interface CopyButtonProps {
  /** What is copied, made when it is asked for. */
  readonly text: () => string;
  readonly label: string;
  readonly title?: string;
}

/** How long it says how it went. */
const SAID_MS = 2_000;

/** Copies a text to the clipboard, and says so. */
export function CopyButton({ text, label, title }: CopyButtonProps) {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () => {
    copyText(text()).then(
      () => setSaid('Copied'),
      () => setSaid('The browser refused'),
    );
  };
  return (
    <button type="button" class="copy" title={title} onClick={copy}>
      <span aria-live="polite">{said ?? label}</span>
    </button>
  );
}

/** On a page without TLS there is no clipboard to write to, but a selection can be copied. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'sr';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('nothing was copied');
}
