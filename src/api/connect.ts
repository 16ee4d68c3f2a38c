/** `connect`: checks what the user asks for, has an engine started, answers a Database. */
import type { EngineLauncher, Progress } from '../engine/client.ts';
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import { throwIfAborted } from '../util/error.ts';
import { Database } from './database.ts';
import type { Embedders } from './embedder.ts';
import { EventHub } from './events.ts';
import { RETENTION_SECONDS_MAX, booleanOption, checkOptions, contextOf, integerOption, refuseMissingChunk, wordOption } from './options.ts';
import { Session, type IoLoader } from './session.ts';
import { parseUrl } from './url.ts';

export interface ConnectOptions {
  /** Where the engine runs: in a worker, on the calling thread (`'inline'`), or where the platform does best. Default `'auto'`. */
  readonly mode?: 'auto' | 'worker' | 'inline';
  /** Most threads that build indexes, 0 to 64; 0 builds on the engine's own. Default: by the machine. */
  readonly workers?: number;
  /**
   * `'strict'` (default): a write answers when it would survive a power cut. `'relaxed'`: earlier; the last moments
   * before a crash of the machine may be lost, never the order.
   */
  readonly durability?: 'strict' | 'relaxed';
  /** Opens for reading, also beside a writer where the store allows it. Default false. */
  readonly readOnly?: boolean;
  /** Accept the loss of log records behind a damaged one instead of CORRUPT. `stats().recovery` says what was dropped. */
  readonly recover?: 'truncate';
  /**
   * Bytes of full vectors that stay in memory where an index over codes could read them from the store, row by row; 0 on.
   * What searches compare row by row (HNSW, FLAT, rows without an index) is in memory whatever this says, as long as it is searched: beyond the budget
   * indexes, vectors and columns go that were not asked for during half a minute, and are loaded again by the next search. Default 256 MiB.
   */
  readonly cacheBytes?: number;
  /** What was deleted or replaced is kept for reads of the past (`at`) for so long; 0: not at all. Default 86,400, a day. */
  readonly retentionSeconds?: number;
  /** And at most so many bytes of it, of all collections together; the oldest goes first. Default: the larger of 64 MiB and a quarter of what lives. */
  readonly historyBytes?: number;
  /**
   * Encrypts the database at rest with AES-GCM: a CryptoKey of 256 bits that may encrypt and decrypt, or 32 bytes. A new database is
   * encrypted from its first byte; for one that is there it must be the key that it was made with (UNAUTHENTICATED).
   */
  readonly encryptionKey?: CryptoKey | BufferSource;
  /** What makes vectors of texts, by the id of the model, for collections whose schema names it (`docs/embedders.md`). They run on the calling thread. */
  readonly embedders?: Embedders;
  /**
   * Asks the browser not to remove this origin's data when the disk is full, as `navigator.storage.persist()` does; `stats().persisted`
   * says whether it agreed. For pages; elsewhere nothing happens. Default false.
   */
  readonly persist?: boolean;
  /** Gives up opening. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** The kernels' WebAssembly, where it cannot be taken from the package. */
  readonly wasm?: WebAssembly.Module | BufferSource;
}

export type Connect = (url: string, options?: ConnectOptions) => Promise<Database>;

const OPTIONS: ReadonlySet<string> = new Set(['mode', 'workers', 'durability', 'readOnly', 'recover', 'cacheBytes', 'retentionSeconds', 'historyBytes', 'encryptionKey', 'embedders', 'persist', 'signal', 'onProgress', 'wasm']);
const OPTIONS_TO_COME: ReadonlySet<string> = new Set(['token']);

const CACHE_BYTES = 256 << 20;

/** The `connect` of an entry, over the engines that its launcher starts. `io`: imports what reads and writes files. */
export function makeConnect(launch: EngineLauncher, io: IoLoader = refuseMissingChunk as () => never): Connect {
  return async function connect(url: string, options: ConnectOptions = {}): Promise<Database> {
    const { href } = parseUrl(url);
    checkOptions(options, 'connect', OPTIONS, OPTIONS_TO_COME);
    const { signal, wasm, encryptionKey, embedders } = options;
    if (wasm !== undefined && !isWasm(wasm)) refuse('wasm', NO_ROW, 'a WebAssembly.Module, an ArrayBuffer or a view of one', show(wasm));
    const context = contextOf(signal, options.onProgress);
    const request = {
      url: href,
      mode: wordOption('mode', options.mode, ['auto', 'worker', 'inline']) ?? 'auto',
      workers: integerOption('workers', options.workers, 0, 64, undefined),
      wasm,
      persist: booleanOption('persist', options.persist, false),
      options: {
        durability: wordOption('durability', options.durability, ['strict', 'relaxed']) ?? 'strict',
        readOnly: booleanOption('readOnly', options.readOnly, false),
        recover: wordOption('recover', options.recover, ['truncate']),
        cacheBytes: integerOption('cacheBytes', options.cacheBytes, 0, Number.MAX_SAFE_INTEGER, CACHE_BYTES),
        retentionSeconds: integerOption('retentionSeconds', options.retentionSeconds, 0, RETENTION_SECONDS_MAX, 86_400),
        historyBytes: integerOption('historyBytes', options.historyBytes, 0, Number.MAX_SAFE_INTEGER, undefined),
      },
      encryptionKey: encryptionKey === undefined ? undefined : await (await import('./encryption-key.ts')).toEncryptionKey(encryptionKey),
    } as const;
    const registered = embedders === undefined ? undefined : (await import('./embed.ts').catch(refuseMissingChunk)).toEmbedders(embedders);
    const events = new EventHub();
    const engine = await launch(request, { ...context, onEvent: (event) => events.emit(event) });
    if (signal?.aborted) await engine.close();
    throwIfAborted(signal);
    return new Database(new Session(engine, events, io, registered), events);
  };
}

function isWasm(value: unknown): boolean {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === '[object WebAssembly.Module]';
}
