/** Progress of a long command on stderr: one line that is rewritten on a terminal, a few lines elsewhere. */
import type { Environment } from './environment.ts';
import { bytes } from './format.ts';

/** Short commands say nothing. */
const SILENT_MS = 1_000;
const LINE_MS = 10_000;
const STATUS_MS = 100;

export class ProgressLine {
  readonly #environment: Environment;
  readonly #started = performance.now();
  #last = performance.now();
  #hasStatus = false;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  readonly report = ({ phase, done, total }: { readonly phase: string; readonly done: number; readonly total: number }): void => {
    const now = performance.now();
    const { status, warn } = this.#environment;
    if (now - this.#started < SILENT_MS || now - this.#last < (status ? STATUS_MS : LINE_MS)) return;
    this.#last = now;
    const text = `${phase}: ${bytes(done)} of ${bytes(total)}${total > 0 ? ` (${Math.floor((100 * done) / total)} %)` : ''}`;
    if (!status) return warn(text);
    this.#hasStatus = true;
    status(text);
  };

  /** Takes the line away. */
  end(): void {
    if (this.#hasStatus) this.#environment.status?.('');
  }
}
