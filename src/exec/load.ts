/**
 * Bringing a sealed segment's vectors and index into memory: what a search needs first, the rest behind it. An index over codes
 * answers alone; an index of another metric than the search's cannot, and the segment is scanned.
 */
import { getIndexType } from '../index/registry.ts';
import type { IndexSpec } from '../schema/types.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import { openSections } from '../storage/sections/index.ts';
import type { Store } from '../storage/store.ts';

/** True when a search can be answered without reading anything (rows to be scored again apart). */
export function isLoaded(segment: SealedSegment, fieldId: number): boolean {
  const vectors = segment.vectors(fieldId);
  if (vectors.index) return vectors.resident || !getIndexType(vectors.index.typeName).needsVectors;
  return vectors.resident && !segment.entry.indexes.some((index) => index.fieldId === fieldId);
}

/** Loads what the first search needs. */
export async function loadForSearch(store: Store, segment: SealedSegment, fieldId: number): Promise<void> {
  const vectors = segment.vectors(fieldId);
  const entry = segment.entry.indexes.find((index) => index.fieldId === fieldId);
  if (!entry) return vectors.load(segment.file);
  if (getIndexType(entry.spec.type).needsVectors) await vectors.load(segment.file);
  if (!vectors.index) {
    const sections = await readSections(store, entry.file);
    if (!vectors.index) vectors.setIndex(entry.spec, sections);
  }
}

/** Reads all sections of an index file. */
export async function readSections(store: Store, file: string): Promise<Map<string, Uint8Array>> {
  const opened = await openSections(store, file, 'index');
  const sections = new Map<string, Uint8Array>();
  for (const name of opened.sectionNames) sections.set(name, await opened.read(name));
  return sections;
}

/** The metric decides whether a segment's index may answer a search. */
export function indexServes(segment: SealedSegment, fieldId: number, spec: IndexSpec): boolean {
  const { index, indexSpec } = segment.vectors(fieldId);
  return index !== null && indexSpec !== null && indexSpec.metric === spec.metric;
}
