import type { Pictures, SampleSource } from './source.mjs';

export const IMAGE_SIDE: 28;
export const IMAGE_DIM: 784;
export const TEXT_DIM: 384;
export const ROWS: { readonly images: number; readonly unseen: number; readonly abstracts: number };
export const CLASSES: readonly string[];

export interface SampleHit<Entity> {
  readonly id: number;
  readonly score: number;
  readonly entity: Entity;
}

/** What the sample needs of a collection of the package; rows are typed by hand because the schemas live in JavaScript. */
export interface SampleCollection<Row> {
  count(): Promise<number>;
  get<Name extends keyof Row & string>(ids: readonly number[], options: { outputFields: readonly Name[] }): Promise<Pick<Row, Name>[]>;
  search<Name extends keyof Row & string>(options: {
    vector: Float32Array;
    limit: number;
    params?: Record<string, number>;
    outputFields?: readonly Name[];
  }): Promise<SampleHit<Pick<Row, Name>>[]>;
  indexProgress(field: string): Promise<{ state: 'none' | 'building' | 'finished' | 'failed'; indexedRows: number; totalRows: number }>;
  stats(): Promise<{ rows: number; memoryBytes: number; storedBytes: number; logBytes: number }>;
}

export interface PictureRow {
  readonly id: number;
  readonly label: number;
  readonly pixels: Float32Array;
}

export interface AbstractRow {
  readonly id: number;
  readonly title: string;
  readonly text: string;
  readonly embedding: Float32Array;
}

export interface SampleCollections {
  readonly images: SampleCollection<PictureRow>;
  readonly unseen: SampleCollection<PictureRow>;
  readonly abstracts: SampleCollection<AbstractRow>;
}

export interface FillProgress {
  readonly step: 'images' | 'abstracts' | 'text-index' | 'image-index';
  /** For people: what is being done. */
  readonly label: string;
  /** Rows. */
  readonly done: number;
  readonly total: number;
}

export function openCollections(db: object, defineSchema: (...args: never[]) => unknown): Promise<SampleCollections>;
export function isComplete(collections: SampleCollections): Promise<boolean>;
export function fillCollections(
  collections: SampleCollections,
  getSource: () => Promise<SampleSource>,
  hooks?: { onProgress?: (progress: FillProgress) => void; onPictures?: (pictures: Pictures, name: 'images' | 'unseen') => void },
): Promise<void>;
export function readPictures(
  collection: SampleCollection<PictureRow>,
  rows: number,
  onPictures: (pictures: Pictures) => void,
  options?: { from?: number },
): Promise<void>;
