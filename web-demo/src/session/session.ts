/**
 * The page's one database: opened, filled on the first visit, and its state told to the components.
 *
 *     opening -> ready                       the sample is stored: nothing is fetched or built
 *     opening -> filling -> ready            first visit, or one that was interrupted
 *     any     -> failed -> opening           by a remedy that the visitor chose
 */
import { connect, defineSchema } from 'elanus';
import { fillCollections, isComplete, openCollections, readPictures, ROWS } from '../../sample/collections.mjs';
import type { AbstractRow, FillProgress, SampleCollections } from '../../sample/collections.mjs';
import { fetchReader, openSource } from '../../sample/source.mjs';
import { createStore } from '../util/store.ts';
import { BeingMadeElsewhere, describeFailure } from './failure.ts';
import type { Failure, Remedy } from './failure.ts';
import { idle } from './foreground.ts';
import { PictureSet } from './pictures.ts';
import { DATABASE, eraseStored, whyNoIndexedDb } from './storage.ts';

type Database = Awaited<ReturnType<typeof connect>>;
type DatabaseStats = Awaited<ReturnType<Database['stats']>>;

/** Pictures read back at once when the database is opened again: a screen full and some. */
export const PICTURE_BLOCK = 250;

export interface SessionState {
  readonly phase: 'opening' | 'filling' | 'ready' | 'failed';
  readonly progress: FillProgress | null;
  readonly failure: Failure | null;
  /** Set when the sample is in memory only: why. */
  readonly memoryReason: string | null;
  readonly collections: SampleCollections | null;
  /** Stored pictures that the page holds; searching begins with the first block. */
  readonly pictureRows: number;
  readonly unseenRows: number;
  /** Rows are scanned until the index of their field is built. */
  readonly indexed: { readonly images: boolean; readonly abstracts: boolean };
  readonly abstractRows: number;
  /** From `connect` to open collections. */
  readonly openMs: number | null;
  /** True when the sample was found complete. */
  readonly reopened: boolean;
  /** True beside another tab that seals, merges and builds for both. */
  readonly isBeside: boolean;
  readonly stats: DatabaseStats | null;
  /** Of all collections. */
  readonly rows: number;
  readonly storedBytes: number | null;
  /** The last failure behind the visitor's back. */
  readonly warning: string | null;
}

const CLOSED: SessionState = {
  phase: 'opening',
  progress: null,
  failure: null,
  memoryReason: null,
  collections: null,
  pictureRows: 0,
  unseenRows: 0,
  indexed: { images: false, abstracts: false },
  abstractRows: 0,
  openMs: null,
  reopened: false,
  isBeside: false,
  stats: null,
  rows: 0,
  storedBytes: null,
  warning: null,
};

export const session = createStore<SessionState>(CLOSED);

export let pictures = new PictureSet(ROWS.images);
export let unseen = new PictureSet(ROWS.unseen);

/** How often a tab looks whether the other one is done. */
const RETRY_MS = 1_500;

let database: Database | null = null;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
/** Blocks of stored pictures that are yet to be read back, the next first. */
let blocksToRead: number[] = [];
let abstracts: Promise<AbstractRow[]> | null = null;

/**
 * Opens the database and brings it to completion. Never rejects: a failure is a state.
 * @param isAgain looks again by itself: what is shown stays until there is news
 */
export async function start(memoryReason: string | null = null, isAgain = false): Promise<void> {
  clearTimeout(retryTimer);
  try {
    if (!isAgain) session.set({ ...CLOSED, memoryReason });
    pictures = new PictureSet(ROWS.images);
    unseen = new PictureSet(ROWS.unseen);
    abstracts = null;
    const reason = memoryReason ?? (await whyNoIndexedDb());
    session.set({ memoryReason: reason });

    const begin = performance.now();
    database = await connect(reason === null ? `idb:${DATABASE}` : 'memory:');
    database.on('error', ({ message }) => session.set({ warning: message }));
    const { maintains } = await database.stats();
    const collections = await openCollections(database, defineSchema);
    const complete = await isComplete(collections);
    session.set({ collections, openMs: performance.now() - begin, reopened: complete, isBeside: !maintains });

    if (complete) await reopen(collections);
    // Both could; the sample is fetched once.
    else if (!maintains) throw new BeingMadeElsewhere('the stored sample is not complete yet');
    else await fill(collections);
    session.set({ phase: 'ready', progress: null, indexed: { images: true, abstracts: true }, abstractRows: ROWS.abstracts });
    await refreshStats();
  } catch (error) {
    session.set({ phase: 'failed', progress: null, failure: describeFailure(error) });
    await database?.close().catch(() => {});
    database = null;
    if (error instanceof BeingMadeElsewhere) retryTimer = setTimeout(() => void start(null, true), RETRY_MS);
    else console.warn('elanus demo:', error);
  }
}

/** Reads the pictures back; the vectors of the database are the pictures. */
async function reopen(collections: SampleCollections): Promise<void> {
  session.set({ phase: 'ready', failure: null, indexed: { images: true, abstracts: true }, abstractRows: ROWS.abstracts });
  await readUnseen(collections);
  void refreshStats();
  const set = pictures;
  const isThere = new Set<number>();
  while (isThere.size < ROWS.images / PICTURE_BLOCK) {
    const block = blocksToRead.shift() ?? [...Array(ROWS.images / PICTURE_BLOCK).keys()].find((each) => !isThere.has(each))!;
    if (isThere.has(block)) continue;
    isThere.add(block);
    await readPictures(collections.images, PICTURE_BLOCK, (pictures) => set.add(pictures), { from: block * PICTURE_BLOCK });
    if (set !== pictures) return;
    session.set({ pictureRows: set.rows });
    await idle();
  }
}

/** Says which blocks of pictures are wanted first. */
export function preferBlocks(blocks: readonly number[]): void {
  blocksToRead = [...blocks];
}

async function fill(collections: SampleCollections): Promise<void> {
  session.set({ phase: 'filling', failure: null });
  const source = () => openSource(fetchReader(new URL('sample/', document.baseURI).href));
  await fillCollections(collections, source, {
    onProgress: (progress) => {
      session.set({ progress });
      if (progress.step === 'abstracts' && progress.done === progress.total) {
        session.set({ abstractRows: ROWS.abstracts });
        void refreshStats();
      }
    },
    onPictures: (block, name) => {
      (name === 'unseen' ? unseen : pictures).add(block);
      session.set({ pictureRows: pictures.rows, unseenRows: unseen.rows });
      void refreshStats();
    },
  });
}

async function readUnseen(collections: SampleCollections): Promise<void> {
  const set = unseen;
  await readPictures(collections.unseen, ROWS.unseen, (block) => set.add(block));
  if (set === unseen) session.set({ unseenRows: set.rows });
}

/** All abstracts with their vectors, read once from the database. */
export function readAbstracts(collections: SampleCollections): Promise<AbstractRow[]> {
  abstracts ??= collections.abstracts
    .get(
      Array.from({ length: ROWS.abstracts }, (_, id) => id),
      { outputFields: ['id', 'title', 'text', 'embedding'] },
    )
    .catch((error: unknown) => {
      abstracts = null;
      throw error;
    });
  return abstracts;
}

async function refreshStats(): Promise<void> {
  const { collections } = session.get();
  if (database === null || collections === null) return;
  try {
    const [stats, ...each] = await Promise.all([
      database.stats(),
      collections.images.stats(),
      collections.unseen.stats(),
      collections.abstracts.stats(),
    ]);
    session.set({
      stats,
      rows: each.reduce((sum, { rows }) => sum + rows, 0),
      storedBytes: each.reduce((sum, { storedBytes, logBytes }) => sum + storedBytes + logBytes, 0),
    });
  } catch {
    // The status bar keeps what it showed; a failure that matters comes up in the next call of the visitor.
  }
}

export async function apply(remedy: Remedy): Promise<void> {
  if (remedy === 'erase') {
    try {
      await eraseStored();
    } catch (error) {
      session.set({ failure: describeFailure(error) });
      return;
    }
  }
  await start(remedy === 'memory' ? 'you chose so' : null);
}
