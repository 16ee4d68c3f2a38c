/** Letting the host run between slices of long work: timers, messages and rendering get their turn. */

interface HostScheduling {
  /** Node's: after pending I/O, before timers. */
  readonly setImmediate?: (callback: () => void) => unknown;
  /** Browsers' newest: a task of this priority that goes on before other scripts' tasks. */
  readonly scheduler?: { readonly yield?: () => Promise<void> };
}

/** Resolves in a later task of the host's loop. Does not keep a Node process alive once resolved. */
export function yieldToHost(): Promise<void> {
  const host = globalThis as unknown as HostScheduling;
  const { setImmediate, scheduler } = host;
  if (setImmediate) return new Promise((resolve) => void setImmediate(resolve));
  if (scheduler?.yield) return scheduler.yield();
  // A message, because nested timers are held back by 4 ms each.
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
