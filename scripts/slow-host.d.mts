export interface SentFile {
  /** Below the folder; empty for the folder itself. */
  readonly path: string;
  /** Sent so far: head and packed body. */
  readonly bytes: number;
  /** When it was asked for, and when all was sent (null until then), since the host began. */
  readonly fromMs: number;
  readonly toMs: number | null;
}

export interface SlowHost {
  readonly url: string;
  /** Requests so far. */
  readonly sent: readonly SentFile[];
  close(): Promise<void>;
}

export function serveSlowly(
  folder: string,
  options?: { under?: string; bitsPerSecond?: number; latencyMs?: number; withhold?: (path: string) => boolean },
): Promise<SlowHost>;
