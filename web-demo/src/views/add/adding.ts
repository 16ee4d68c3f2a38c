/**
 * How a visitor's file becomes a collection:
 *
 *     idle -> reading -> mapping -> making -> done
 *                           ^         |
 *                           +---------+      cancelled or refused before anything was written
 *                                     +-> stopped -> making     gone on with, from the row where it stopped
 *
 * It goes on while other views are shown.
 */
import { isElanusError } from 'elanus';
import type { Description, Reading } from '../../collections/own/description.ts';
import { own, removeOwn } from '../../collections/own/own.ts';
import { runningModel } from '../../collections/own/running-models.ts';
import { datasets } from '../../collections/registry.ts';
import { createStore } from '../../util/store.ts';
import type { TableInfo } from './column.ts';
import { finishCollection, makeCollection } from './make.ts';
import type { MakeProgress } from './make.ts';
import { mappingFaults, suggestMapping } from './mapping.ts';
import type { Mapping } from './mapping.ts';
import { freeTitle, titleOf } from './names.ts';
import { noteFailure, writable } from './writable.ts';
import { TableClient } from './table-client.ts';
import type { SourceFile } from './table-reader.ts';

export interface Made {
  readonly id: string;
  readonly title: string;
  readonly rows: number;
  readonly isCut: boolean;
  readonly ms: number;
}

export interface AddingState {
  readonly phase: 'idle' | 'reading' | 'mapping' | 'making' | 'stopped' | 'done';
  /** Of what is read. */
  readonly name: string;
  readonly error: string | null;
  readonly info: TableInfo | null;
  readonly reading: Reading;
  readonly mapping: Mapping | null;
  readonly progress: MakeProgress | null;
  /** What was begun, in `stopped`. */
  readonly begun: Description | null;
  readonly made: Made | null;
}

const AS_IT_IS: Reading = { format: null, header: true, split: 'passage' };
const IDLE: AddingState = { phase: 'idle', name: '', error: null, info: null, reading: AS_IT_IS, mapping: null, progress: null, begun: null, made: null };

export const adding = createStore<AddingState>(IDLE);

let files: readonly SourceFile[] = [];
let client: TableClient | null = null;
let running: AbortController | null = null;

/** Back to the beginning. What was written stays. */
export function startOver(error: string | null = null): void {
  running?.abort();
  running = null;
  client?.end();
  client = null;
  files = [];
  adding.set({ ...IDLE, error });
}

/** Looks into files, for the visitor to say what becomes of them. */
export async function openFiles(given: readonly SourceFile[], reading = AS_IT_IS): Promise<void> {
  if (adding.get().phase === 'making') return;
  startOver();
  if (given.length === 0) return;
  files = given;
  const abort = (running = new AbortController());
  adding.set({ phase: 'reading', name: given.length === 1 ? given[0].name : `${given.length} files`, reading });
  try {
    const info = await readInfo(reading, abort.signal);
    const name = given.length === 1 ? given[0].name : (given[0].name.split('/')[0] ?? given[0].name);
    adding.set({ phase: 'mapping', info, mapping: suggestMapping(info.columns, freeTitle(titleOf(name), takenTitles()), info.format) });
  } catch (error) {
    if (running === abort) startOver(inWords(error));
  }
}

/** Of all collections, those that are not whole among them. */
export const takenTitles = (): string[] => [...datasets.get().all.map(({ title }) => title), ...own.get().unfinished.map(({ title }) => title)];

async function readInfo(reading: Reading, signal: AbortSignal): Promise<TableInfo> {
  client?.end();
  const mine = (client = new TableClient());
  return mine.call((remote) => remote.open(files, reading), signal);
}

/** The same files, read another way. */
export function readAs(reading: Reading): void {
  void openFiles(files, reading);
}

export function changeMapping(part: Partial<Mapping>): void {
  const { mapping } = adding.get();
  if (mapping !== null) adding.set({ mapping: { ...mapping, ...part }, error: null });
}

/** Makes the collection that the mapping describes. */
export async function make(): Promise<void> {
  const { info, mapping, reading } = adding.get();
  if (info === null || mapping === null || Object.keys(mappingFaults(mapping, info.columns, takenTitles())).length > 0) return;
  await work(async (signal) => {
    if (client === null) await readInfo(reading, signal);
    const database = await writable();
    return makeCollection({ database, client: client!, mapping, reading, source: { name: info.name, bytes: info.bytes }, signal, onProgress, onBegun: (begun) => adding.set({ begun }) });
  });
}

/** Goes on with one that was begun: with the file at hand, or with one that was chosen again. */
export async function goOn(begun: Description, chosen: readonly SourceFile[] = files): Promise<void> {
  if (adding.get().phase === 'making') return;
  files = chosen;
  adding.set({ ...IDLE, phase: 'making', name: begun.title, begun });
  await work(async (signal) => {
    const info = await readInfo(begun.reading, signal);
    const { name, bytes } = begun.source;
    if (info.name !== name || info.bytes !== bytes) throw new Error(`“${begun.title}” was begun with ${name} of ${bytes} bytes; this is ${info.name} of ${info.bytes} bytes.`);
    const database = await writable();
    return finishCollection({ database, client: client!, description: begun, signal, onProgress });
  });
}

const onProgress = (progress: MakeProgress): void => adding.set({ progress });

async function work(run: (signal: AbortSignal) => Promise<Made>): Promise<void> {
  const abort = (running = new AbortController());
  adding.set({ phase: 'making', error: null, progress: null });
  try {
    const made = await run(abort.signal);
    client?.end();
    client = null;
    adding.set({ ...IDLE, phase: 'done', made });
  } catch (error) {
    client?.end();
    client = null;
    noteFailure(error);
    if (running !== abort) return;
    const words = abort.signal.aborted ? null : inWords(error);
    if (!abort.signal.aborted) console.warn('elanus demo:', error);
    const { begun, info } = adding.get();
    if (begun !== null) adding.set({ phase: 'stopped', error: words, progress: null });
    else if (info !== null) adding.set({ phase: 'mapping', error: words, progress: null });
    else startOver(words);
  }
}

/** Stops what is being made. What is written stays, to be gone on with. */
export function cancel(): void {
  const { mapping, phase } = adding.get();
  if (phase === 'reading') startOver();
  if (phase !== 'making') return;
  if (mapping !== null && mapping.from === 'text' && mapping.embedder !== 'latent') {
    const model = runningModel(mapping.embedder);
    if (model.state.get().phase === 'loading') model.stop();
  }
  running?.abort(new DOMException('cancelled', 'AbortError'));
}

/** Removes what was begun. */
export async function discard(begun: Description): Promise<void> {
  try {
    await removeOwn(await writable(), begun.id);
    if (adding.get().begun?.id === begun.id) startOver();
  } catch (error) {
    adding.set({ error: inWords(error) });
  }
}

export function inWords(error: unknown): string {
  if (isElanusError(error) && error.code === 'QUOTA') return `The browser gives this page no more storage. Free some space, or remove a collection. (${error.message})`;
  if (error instanceof DOMException && error.name === 'NotFoundError') return `The file cannot be read any more: was it moved or changed? Choose it again. (${error.message})`;
  return error instanceof Error ? error.message : String(error);
}
