import type { SentFile } from './slow-host.mjs';

export interface FirstSlice {
  /** From the request for the page until the collection can be used. */
  readonly ms: number;
  /** Sent until then. */
  readonly bytes: number;
  readonly files: readonly SentFile[];
}

/** Those that come with the page. */
export const COLLECTIONS: readonly string[];

/** Visits a collection of the built page for the first time, over a slow line and on a slowed processor. */
export function measureFirstSlice(
  collection: string,
  line?: { bitsPerSecond?: number; latencyMs?: number; slowdown?: number; withhold?: (path: string) => boolean },
): Promise<FirstSlice>;
