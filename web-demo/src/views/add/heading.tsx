import { useEffect, useRef } from 'preact/hooks';

/** Takes the focus when what it heads has come: the button that led here is gone. */
export function Heading({ id, children }: { id: string; children: preact.ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <h1 id={id} ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}
