/**
 * What is fetched before it is known to be needed, so that a first visit does not wait for one file after the other: the
 * engine's, and the first rows of the linked collection, which come in while the database opens.
 */
import { fetchReader, openSource } from '../../sample/source.mjs';
import type { ReadOptions, SampleReader, SampleSource } from '../../sample/source.mjs';
import type { Dataset } from '../collections/dataset.ts';

/** Set by the build. */
declare const SAMPLE_VERSION: string;

interface Early {
  readonly bytes: Promise<Uint8Array>;
  received: number;
  onBytes: ((received: number) => void) | undefined;
}

const early = new Map<string, Early>();

/** Straight from the server, or from what a service worker keeps of it. */
export const fetchSample: SampleReader = (name, options) => fetchReader(new URL('sample/', document.baseURI).href, SAMPLE_VERSION)(name, options);

/** A file that is on its way is waited for. */
const readSample: SampleReader = async (name, options = {}) => {
  const entry = early.get(name);
  if (entry === undefined) return fetchSample(name, options);
  // Once: who tries again after a failure fetches again.
  early.delete(name);
  return follow(entry, options);
};

let source: Promise<SampleSource> | null = null;

/** The page's sample; its description is read once. A failure is not kept: the next call tries again. */
export function openSample(): Promise<SampleSource> {
  source ??= openSource(readSample).catch((error: unknown) => {
    source = null;
    throw error;
  });
  return source;
}

async function follow(entry: Early, { signal, onBytes }: ReadOptions): Promise<Uint8Array> {
  entry.onBytes = onBytes;
  if (entry.received > 0) onBytes?.(entry.received);
  const bytes = await entry.bytes;
  signal?.throwIfAborted();
  return bytes;
}

/** Begins to fetch. Never rejects; what fails is fetched again by who needs it, or its failure is told there. */
export function fetchEarly(dataset: Dataset): void {
  // Into the browser's cache: workers fetch their own modules. The built page names them.
  for (const file of [...workerFiles('engine'), ...workerFiles(dataset.id)]) void fetch(new URL(file, document.baseURI)).catch(() => {});
  if (dataset.firstFiles === undefined || wasComplete(dataset)) return;
  for (const name of dataset.firstFiles) {
    const entry: Early = { bytes: fetchSample(name, { onBytes: (received) => note(received) }), received: 0, onBytes: undefined };
    const note = (received: number) => {
      entry.received = received;
      entry.onBytes?.(received);
    };
    entry.bytes.catch(() => {});
    early.set(name, entry);
  }
}

const workerFiles = (of: string): readonly string[] => document.querySelector<HTMLMetaElement>(`meta[name="worker-files:${of}"]`)?.content.split(' ') ?? [];

const markOf = ({ id }: Dataset): string => `elanus-demo:${id}`;

/** What the last visit saw: a hint that saves a download, true or not. */
function wasComplete(dataset: Dataset): boolean {
  try {
    return localStorage.getItem(markOf(dataset)) === 'complete';
  } catch {
    return false;
  }
}

export function noteComplete(dataset: Dataset): void {
  try {
    localStorage.setItem(markOf(dataset), 'complete');
  } catch {
    // Without storage the next visit begins like the first.
  }
}
