/** Long work in slices, so that the page answers in between. */
const SLICE_MS = 8;

let channel: MessageChannel | undefined;
const waiting: (() => void)[] = [];

/** Gives way to what waits: input, a frame, a message. A message comes back sooner than a timer. */
export function giveWay(): Promise<void> {
  if (channel === undefined) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel!.port2.postMessage(null);
  });
}

/** Answers a promise when the slice is used up, else undefined: `const waits = slice(); if (waits) await waits`. */
export function slicer(signal: AbortSignal): () => Promise<void> | undefined {
  let begin = performance.now();
  return () => {
    if (performance.now() - begin < SLICE_MS) return undefined;
    return giveWay().then(() => {
      signal.throwIfAborted();
      begin = performance.now();
    });
  };
}
