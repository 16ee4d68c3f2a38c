/**
 * Bringing a sealed segment's vectors and index into memory: what a search needs first, the rest behind it. An index over codes
 * answers alone; an index of another metric than the search's cannot, and the segment is scanned.
 */
import { getIndexType } from '../index/registry.ts';
import type { MetricType } from '../schema/types.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import type { SegmentIndexEntry } from '../storage/manifest/manifest.ts';
import { openSections } from '../storage/sections/index.ts';
import type { Store } from '../storage/store.ts';

/** True when a search by an index of this metric (null: by none) can be answered without reading anything (rows to be scored again apart). */
export function isLoaded(segment: SealedSegment, fieldId: number, metric: MetricType | null): boolean {
  const vectors = segment.vectors(fieldId);
  if (vectors.resident) return indexServes(segment, fieldId, metric) || !storedIndex(segment, fieldId, metric);
  return indexServes(segment, fieldId, metric) && !getIndexType(vectors.index!.typeName).needsVectors;
}

/** There is an index for a search by this metric, in memory or not. */
export const hasIndex = (segment: SealedSegment, fieldId: number, metric: MetricType | null): boolean => indexServes(segment, fieldId, metric) || storedIndex(segment, fieldId, metric) !== undefined;

/** The index that the manifest has for a search by this metric. */
const storedIndex = (segment: SealedSegment, fieldId: number, metric: MetricType | null): SegmentIndexEntry | undefined =>
  segment.entry.indexes.find((index) => index.fieldId === fieldId && index.spec.metric === metric);

/** Loads what a search by this metric needs. The index may be replaced meanwhile: its file is gone then, and the one that is there now counts. */
export async function loadForSearch(store: Store, segment: SealedSegment, fieldId: number, metric: MetricType | null): Promise<void> {
  const vectors = segment.vectors(fieldId);
  while (!isLoaded(segment, fieldId, metric)) {
    const stored = storedIndex(segment, fieldId, metric);
    const isStale = (): boolean => storedIndex(segment, fieldId, metric)?.file !== stored?.file;
    if (!stored || getIndexType(stored.spec.type).needsVectors) await vectors.load(segment.file);
    if (!stored || isStale() || indexServes(segment, fieldId, metric)) continue;
    try {
      const sections = await readSections(store, stored.file);
      if (!isStale() && !indexServes(segment, fieldId, metric)) vectors.setIndex(stored.spec, sections);
    } catch (error) {
      if (!isStale()) throw error;
    }
  }
}

/** Reads sections of an index file: all of them, or those of these names. */
export async function readSections(store: Store, file: string, names?: readonly string[]): Promise<Map<string, Uint8Array>> {
  const opened = await openSections(store, file, 'index');
  const sections = new Map<string, Uint8Array>();
  for (const name of names ?? opened.sectionNames) sections.set(name, await opened.read(name));
  return sections;
}

/** The metric decides whether the index in memory may answer a search. */
export function indexServes(segment: SealedSegment, fieldId: number, metric: MetricType | null): boolean {
  const { index, indexSpec } = segment.vectors(fieldId);
  return index !== null && indexSpec !== null && indexSpec.metric === metric;
}
