/**
 * Who maintains the database, of all tabs that have it open: the one that has the lease. Every other waits for it. What changes the
 * manifest is asked of the holder, and asked again of the next one where it dies or is robbed. A holder from which nothing is heard is
 * frozen or stuck: who waits for it takes the lease away.
 */
import type { Lease, Peers } from '../storage/shared/shared.ts';
import { ElanusError, abortError } from '../util/error.ts';
import { fromWireError, toWireError } from '../worker/errors.ts';
import type { CallContext } from './client.ts';
import { isSuperseded } from './superseded.ts';
import type { TabMessage } from './tab-messages.ts';

export interface HolderOptions {
  readonly peers: Peers;
  /** So long nothing is heard of a request before the lease is taken away. */
  readonly silenceMs: number;
  /** Becomes the one that commits: reads what there is, counts up the epoch. */
  readonly takeOver: () => Promise<void>;
  /** The right is gone: stops what runs. */
  readonly stepDown: () => Promise<void>;
  /** Does what was asked, here. */
  readonly perform: (method: string, request: unknown, context: CallContext) => Promise<unknown>;
  /** Brings this tab up to what the holder has committed. */
  readonly refresh: () => Promise<void>;
  readonly post: (message: TabMessage) => void;
  readonly onError: (error: unknown) => void;
}

/** Asked of another tab. */
interface Asked {
  readonly method: string;
  readonly request: unknown;
  readonly context: CallContext | undefined;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Beats since something was heard. Not a time: a tab that was frozen itself has heard nothing, and must not blame the holder. */
  silentBeats: number;
  isRunningHere: boolean;
}

const BEATS_PER_SILENCE = 5;
/** After a failure to take over, before the next try. */
const RETRY_MS = 1_000;

export class Holder {
  readonly #options: HolderOptions;
  #lease: Lease | null = null;
  #isHolder = false;
  #closing = new AbortController();
  /** Ends the wait for the lease in its turn, to take it out of turn. */
  #waiting: AbortController | null = null;
  #running: Promise<void> | null = null;
  #robbed: () => void = () => undefined;
  readonly #asked = new Map<string, Asked>();
  /** Being done for others. */
  readonly #serving = new Map<string, AbortController>();
  #beat: ReturnType<typeof setInterval> | null = null;
  #nextId = 1;
  readonly #tabId = Array.from(crypto.getRandomValues(new Uint32Array(2)), (word) => word.toString(16)).join('-');

  constructor(options: HolderOptions) {
    this.#options = options;
  }

  /** This tab commits, seals, merges, builds and collects garbage. */
  get isHolder(): boolean {
    return this.#isHolder;
  }

  /** Takes the lease if nobody has it, else waits for it in the background. Resolved: this tab is the holder, or another is. */
  async start(): Promise<void> {
    const lease = await this.#options.peers.lead({ ifAvailable: true });
    if (!this.#options.peers.areSeveral && !lease) throw new ElanusError('LOCKED', 'the database is open for writing elsewhere in this thread: close it there first');
    if (lease) await this.#take(lease);
    this.#running = this.#run(lease);
  }

  async #run(first: Lease | null): Promise<void> {
    let lease = first;
    while (!this.#closing.signal.aborted) {
      try {
        lease ??= await this.#wait();
        if (!lease) return;
        if (!this.#isHolder) await this.#take(lease);
        await Promise.race([lease.lost, new Promise<void>((resolve) => (this.#robbed = resolve)), aborted(this.#closing.signal)]);
        if (this.#closing.signal.aborted) return;
        await this.#lose();
        // Where nothing but a refused commit says that it is gone.
        await lease.release();
      } catch (error) {
        this.#isHolder = false;
        if (this.#closing.signal.aborted) return;
        this.#options.onError(error);
        await lease?.release();
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
      lease = null;
    }
  }

  /** Null: it was closed meanwhile. */
  async #wait(): Promise<Lease | null> {
    const { peers } = this.#options;
    while (!this.#closing.signal.aborted) {
      const waiting = new AbortController();
      this.#waiting = waiting;
      try {
        return await peers.lead({ signal: AbortSignal.any([waiting.signal, this.#closing.signal]) });
      } catch (error) {
        if (this.#closing.signal.aborted) return null;
        if (!waiting.signal.aborted) throw error;
        return await peers.lead({ steal: true });
      } finally {
        this.#waiting = null;
      }
    }
    return null;
  }

  async #take(lease: Lease): Promise<void> {
    this.#lease = lease;
    await this.#options.takeOver();
    this.#isHolder = true;
    this.#options.post({ kind: 'holder' });
    for (const id of this.#asked.keys()) this.#send(id);
  }

  async #lose(): Promise<void> {
    this.#isHolder = false;
    this.#lease = null;
    for (const abort of this.#serving.values()) abort.abort();
    this.#serving.clear();
    await this.#options.stepDown();
    for (const id of this.#asked.keys()) this.#send(id);
  }

  /** A commit was refused: another tab commits. */
  robbed(): void {
    this.#isHolder = false;
    this.#robbed();
  }

  /** Has the holder do something, whichever tab that is, and this tab know of it afterwards. */
  async run(method: string, request: unknown, context: CallContext | undefined): Promise<unknown> {
    if (this.#isHolder) {
      try {
        return await this.#options.perform(method, request, context ?? {});
      } catch (error) {
        if (!isSuperseded(error)) throw error;
        this.robbed();
      }
    }
    const { signal } = context ?? {};
    const id = `${this.#tabId}-${this.#nextId++}`;
    const onAbort = (): void => this.#options.post({ kind: 'abort', id });
    try {
      const reply = await new Promise((resolve, reject) => {
        if (this.#closing.signal.aborted) return reject(closed());
        this.#asked.set(id, { method, request, context, resolve, reject, silentBeats: 0, isRunningHere: false });
        signal?.addEventListener('abort', onAbort);
        if (signal?.aborted) return reject(abortError(signal));
        this.#send(id);
      });
      if (!this.#isHolder) await this.#options.refresh();
      return reply;
    } finally {
      this.#asked.delete(id);
      signal?.removeEventListener('abort', onAbort);
      this.#keepBeat();
    }
  }

  #send(id: string): void {
    const asked = this.#asked.get(id)!;
    if (!this.#isHolder) {
      asked.silentBeats = 0;
      this.#options.post({ kind: 'ask', id, method: asked.method, request: asked.request });
      this.#keepBeat();
      return;
    }
    if (asked.isRunningHere) return;
    asked.isRunningHere = true;
    this.#options.perform(asked.method, asked.request, asked.context ?? {}).then(asked.resolve, (error: unknown) => {
      asked.isRunningHere = false;
      // The next holder is asked, once it says so.
      if (!isSuperseded(error)) return asked.reject(error);
      this.robbed();
      this.#send(id);
    });
  }

  /** As long as there is something to say or to wait for. */
  #keepBeat(): void {
    const isNeeded = this.#asked.size > 0 || this.#serving.size > 0;
    if (isNeeded && !this.#beat) this.#beat = setInterval(() => this.#onBeat(), this.#options.silenceMs / BEATS_PER_SILENCE);
    else if (!isNeeded && this.#beat) {
      clearInterval(this.#beat);
      this.#beat = null;
    }
  }

  #onBeat(): void {
    for (const id of this.#serving.keys()) this.#options.post({ kind: 'heard', id });
    if (this.#isHolder) return;
    for (const asked of this.#asked.values()) {
      if (++asked.silentBeats <= BEATS_PER_SILENCE) continue;
      for (const other of this.#asked.values()) other.silentBeats = 0;
      this.#waiting?.abort();
      return;
    }
  }

  /** A message of another tab that is about holders and requests. */
  hear(message: TabMessage): void {
    switch (message.kind) {
      case 'holder':
        for (const id of this.#asked.keys()) this.#send(id);
        break;
      case 'ask':
        if (this.#isHolder) void this.#serve(message.id, message.method, message.request);
        break;
      case 'abort':
        this.#serving.get(message.id)?.abort();
        break;
      case 'heard':
      case 'progress': {
        const asked = this.#asked.get(message.id);
        if (!asked) break;
        asked.silentBeats = 0;
        if (message.kind === 'progress') asked.context?.onProgress?.(message.progress);
        break;
      }
      case 'answer':
        this.#asked.get(message.id)?.resolve(message.reply);
        break;
      case 'failure':
        this.#asked.get(message.id)?.reject(fromWireError(message.error));
        break;
    }
  }

  async #serve(id: string, method: string, request: unknown): Promise<void> {
    const { post, perform } = this.#options;
    post({ kind: 'heard', id });
    if (this.#serving.has(id)) return;
    const abort = new AbortController();
    this.#serving.set(id, abort);
    this.#keepBeat();
    // Progress is a courtesy: one word in a while is enough.
    let last = 0;
    try {
      const onProgress = (progress: { readonly phase: string; readonly done: number; readonly total: number }): void => {
        const now = performance.now();
        if (now - last < 100 && progress.done < progress.total) return;
        last = now;
        post({ kind: 'progress', id, progress });
      };
      const reply = await perform(method, request, { signal: abort.signal, onProgress });
      if (this.#serving.get(id) === abort) post({ kind: 'answer', id, reply });
    } catch (error) {
      // Who is closing or robbed says nothing: the next holder will be asked.
      const isOver = isSuperseded(error) || this.#closing.signal.aborted || this.#serving.get(id) !== abort;
      if (!isOver) post({ kind: 'failure', id, error: toWireError(error) });
    } finally {
      if (this.#serving.get(id) === abort) this.#serving.delete(id);
      this.#keepBeat();
    }
  }

  /** Waits for nothing more, and answers nothing more. The lease stays until `release`. */
  stop(): void {
    this.#closing.abort();
    for (const { reject } of this.#asked.values()) reject(closed());
    this.#asked.clear();
    this.#serving.clear();
    this.#keepBeat();
  }

  async release(): Promise<void> {
    await this.#running;
    this.#isHolder = false;
    await this.#lease?.release();
    this.#lease = null;
  }
}

const closed = (): ElanusError => new ElanusError('CLOSED', 'the database is closed');

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
