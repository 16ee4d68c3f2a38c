/** The latent space of the packages, in a worker of its own: it is large to read, and 63,000 texts are many to embed. */
import type { PlacedPackages } from '../../../sample/packages.mjs';
import { openSample } from '../../session/early.ts';

export type Question = { readonly call: number } & (
  | { readonly about: 'space'; readonly bytes: Uint8Array }
  | { readonly about: 'block'; readonly bytes: Uint8Array; readonly firstId: number }
  | { readonly about: 'text'; readonly text: string }
);

export type Answer = { readonly call: number } & ({ readonly value: unknown } | { readonly error: string });

/** Without the number of the call. */
type Asked<Q> = Q extends Question ? Omit<Q, 'call'> : never;

export interface PlacedText {
  readonly vector: Float32Array;
  /** Share of the text's words that the space knows, 0 to 1. */
  readonly knows: number;
}

export class PackageSpace {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #calls = 0;

  constructor() {
    this.#worker = new Worker(new URL('./package-space-worker.ts', import.meta.url), { type: 'module' });
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(data.call);
      this.#waiting.delete(data.call);
      if ('error' in data) waiting?.reject(new Error(data.error));
      else waiting?.resolve(data.value);
    });
    this.#worker.addEventListener('error', (event) => {
      const error = new Error(`the worker that places texts ended: ${event.message || 'its script could not be loaded'}`);
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
  }

  async load(bytes: Uint8Array): Promise<{ readonly dim: number; readonly terms: number }> {
    return (await this.#ask({ about: 'space', bytes }, [bytes.buffer])) as { dim: number; terms: number };
  }

  /** Reads a block and embeds its texts. */
  async place(bytes: Uint8Array, firstId: number): Promise<PlacedPackages> {
    return (await this.#ask({ about: 'block', bytes, firstId }, [bytes.buffer])) as PlacedPackages;
  }

  async embed(text: string): Promise<PlacedText> {
    return (await this.#ask({ about: 'text', text })) as PlacedText;
  }

  end(): void {
    this.#worker.terminate();
  }

  #ask(question: Asked<Question>, transfer: Transferable[] = []): Promise<unknown> {
    const call = this.#calls++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.#worker.postMessage({ ...question, call } satisfies Question, transfer);
    });
  }
}

let shared: Promise<PackageSpace> | null = null;

/** The page's one, loaded when it is first asked for. A failure is not kept: the next call tries again. */
export function packageSpace(): Promise<PackageSpace> {
  shared ??= load().catch((error: unknown) => {
    shared = null;
    throw error;
  });
  return shared;
}

async function load(): Promise<PackageSpace> {
  const space = new PackageSpace();
  try {
    const source = await openSample();
    await space.load(await source.packageSpace());
    return space;
  } catch (error) {
    space.end();
    throw error;
  }
}
