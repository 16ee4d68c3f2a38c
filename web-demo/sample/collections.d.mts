import type { Fillable } from './fill.mjs';
import type { Pictures, SampleSource } from './source.mjs';

export const IMAGE_SIDE: 28;
export const IMAGE_DIM: 784;
export const TEXT_DIM: 384;
export const ROWS: { readonly images: number; readonly unseen: number; readonly papers: number };
export const CLASSES: readonly string[];

/** What the sample needs of a collection of the package; rows are typed by hand because the schemas live in JavaScript. */
export interface SampleCollection<Row> extends Fillable {
  get<Name extends keyof Row & string>(ids: readonly number[], options: { outputFields: readonly Name[] }): Promise<Pick<Row, Name>[]>;
  search<Name extends keyof Row & string>(options: {
    vector: Float32Array;
    limit: number;
    params?: Record<string, number>;
    outputFields?: readonly Name[];
  }): Promise<SampleHit<Pick<Row, Name>>[]>;
}

export interface SampleHit<Entity> {
  readonly id: number;
  readonly score: number;
  readonly entity: Entity;
}

export interface PictureRow {
  readonly id: number;
  readonly label: number;
  readonly pixels: Float32Array;
}

export interface PaperRow {
  readonly id: number;
  readonly title: string;
  readonly text: string;
  readonly embedding: Float32Array;
}

export interface PictureCollections {
  readonly images: SampleCollection<PictureRow>;
  readonly unseen: SampleCollection<PictureRow>;
}

export interface SampleCollections extends PictureCollections {
  readonly papers: SampleCollection<PaperRow>;
}

export interface StepProgress {
  readonly step: 'images' | 'image-index' | 'papers' | 'paper-index';
  /** For people: what is being done. */
  readonly label: string;
  /** Rows. */
  readonly done: number;
  readonly total: number;
}

export interface FillHooks {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: StepProgress) => void;
  /** Resolves when the first rows have been shown; the others wait for that. */
  readonly firstShown?: () => Promise<void>;
}

export function sampleSchemas<Schema>(defineSchema: (schema: any) => Schema): { readonly images: Schema; readonly unseen: Schema; readonly papers: Schema };
export function openCollections(db: object, defineSchema: (...args: never[]) => unknown): Promise<SampleCollections>;
export function isComplete(collections: SampleCollections): Promise<boolean>;
export function areImagesComplete(collections: PictureCollections): Promise<boolean>;
export function arePapersComplete(papers: SampleCollection<PaperRow>): Promise<boolean>;
export function fillCollections(collections: SampleCollections, getSource: () => Promise<SampleSource>, hooks?: FillHooks): Promise<void>;
export function fillImages(collections: PictureCollections, getSource: () => Promise<SampleSource>, hooks?: FillHooks): Promise<void>;
export function fillPapers(papers: SampleCollection<PaperRow>, getSource: () => Promise<SampleSource>, hooks?: FillHooks): Promise<void>;
export function readPictures(
  collection: SampleCollection<PictureRow>,
  rows: number,
  onPictures: (pictures: Pictures) => void,
  options?: { from?: number },
): Promise<void>;
