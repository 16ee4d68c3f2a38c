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
  if (indexServes(segment, fieldId, metric)) return vectors.resident || !getIndexType(vectors.indexSpec!.type).needsVectors;
  return vectors.resident && !storedIndex(segment, fieldId, metric);
}

/** The index in memory may answer a search by this metric. */
export function indexServes(segment: SealedSegment, fieldId: number, metric: MetricType | null): boolean {
  return segment.vectors(fieldId).indexSpec?.metric === metric;
}

/** The index that the manifest names and that may answer a search by this metric. */
function storedIndex(segment: SealedSegment, fieldId: number, metric: MetricType | null): SegmentIndexEntry | undefined {
  return segment.entry.indexes.find((index) => index.fieldId === fieldId && index.spec.metric === metric);
}

/** Loads what the first search needs. An index that is replaced or dropped while it is read gives way to what there is then. */
export async function loadForSearch(store: Store, segment: SealedSegment, fieldId: number, metric: MetricType | null): Promise<void> {
  const vectors = segment.vectors(fieldId);
  while (!isLoaded(segment, fieldId, metric)) {
    const stored = storedIndex(segment, fieldId, metric);
    const needsVectors = !stored || getIndexType(stored.spec.type).needsVectors;
    if (needsVectors) await vectors.load(segment.file);
    if (!stored) continue;
    const isNamed = (): boolean => storedIndex(segment, fieldId, metric)?.file === stored.file;
    try {
      const sections = await readSections(store, stored.file);
      if (isNamed() && !indexServes(segment, fieldId, metric)) vectors.setIndex(stored.spec, sections);
    } catch (error) {
      if (isNamed()) throw error;
    }
  }
}

/** Reads all sections of an index file. */
export async function readSections(store: Store, file: string): Promise<Map<string, Uint8Array>> {
  const opened = await openSections(store, file, 'index');
  const sections = new Map<string, Uint8Array>();
  for (const name of opened.sectionNames) sections.set(name, await opened.read(name));
  return sections;
}
