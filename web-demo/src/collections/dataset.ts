/** What the page knows of a collection before it opens it: what its rows are, how they come in, how one is shown. */
import type { Collection, Database, Schema } from 'elanus';
import type { ComponentType } from 'preact';
import type { SampleSource } from '../../sample/source.mjs';
import type { OpenCollection } from '../session/open-collection.ts';
import type { Store } from '../util/store.ts';

/** A row as it is read: its fields by name. */
export type Entity = Readonly<Record<string, unknown>>;

/** A field that people filter and colour by. */
export interface FieldInfo {
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly kind: 'category' | 'number' | 'flag' | 'tags' | 'text';
  /** What the numbers of a category stand for, by number. */
  readonly names?: readonly string[];
}

export interface VectorInfo {
  readonly field: string;
  readonly dim: number;
  readonly metric: 'L2' | 'IP' | 'COSINE';
}

export interface FillProgress {
  /** For people: what is being done. */
  readonly label: string;
  /** Rows. */
  readonly done: number;
  readonly total: number;
  /** Of all that is to be done, 0 to 1. */
  readonly share: number;
}

/** A collection and the database that it is in: what a dataset does with rows is done through these. */
export interface Opened {
  readonly database: Database;
  readonly collection: Collection;
}

export interface FillContext extends Opened {
  /** The page's sample. */
  readonly openSample: () => Promise<SampleSource>;
  /** To be waited for when the first rows are in: resolves when the page has shown them. */
  readonly firstShown: () => Promise<void>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FillProgress) => void;
}

export interface DownloadState {
  readonly phase: 'absent' | 'loading' | 'ready' | 'failed';
  /** 0 to 1, about. */
  readonly share: number;
  readonly error: string | null;
}

/** Something large that is fetched only when the visitor asks for it. */
export interface Download {
  /** For people: `the language model all-MiniLM-L6-v2`. */
  readonly about: string;
  /** About. */
  readonly bytes: number;
  readonly state: Store<DownloadState>;
  /** Fetches it; resolves when it is there. */
  start(): Promise<void>;
}

/** Turns typed text into a vector of the collection's space. */
export interface TextEmbedder {
  /** What it is, in a few words: `latent space, 128 dimensions`. */
  readonly about: string;
  embed(text: string, signal: AbortSignal): Promise<Float32Array>;
  /** Share of the text's words that it knows, 0 to 1, where it can tell. */
  knows?(text: string): number;
  /** What has to be fetched before it can embed; undefined where it can at once. */
  readonly download?: Download;
  /** Searches that show what the collection is good for. */
  readonly examples: readonly string[];
}

export interface CardProps {
  readonly entity: Entity;
  /** Small: in a list beside a map, as a tooltip. */
  readonly compact?: boolean;
}

export interface Dataset {
  /** Its name in the database and in the URL: never rename. */
  readonly id: string;
  readonly title: string;
  /** Two sentences: what a row is, what its vector is. */
  readonly about: string;
  readonly noun: { readonly one: string; readonly many: string };
  readonly key: string;
  readonly keyType: 'number' | 'string';
  readonly vector: VectorInfo;
  /** In the order in which filters and colours are offered. */
  readonly fields: readonly FieldInfo[];
  /** The field that names a row for people; undefined where only its card does. */
  readonly label?: string;
  /** The field that typed words are looked for in, and what it has in it, for people. Without it: the label, or the key. */
  readonly words?: { readonly field: string; readonly of: string };
  /** Fields that a card reads. */
  readonly cardFields: readonly string[];
  /** Rows when it is complete; undefined where nobody knows before. */
  readonly rows?: number;
  readonly schema: Schema;
  /** Files of the sample that its first rows come from: they are asked for while the database opens. */
  readonly firstFiles?: readonly string[];
  /** Files of the sample that it needs when its rows are stored, too. */
  readonly keptFiles?: readonly string[];
  /** Begins what takes long and needs no database. Never fails: who needs it is told. */
  warm?(): void;
  /** True when every row is there and the index has them all. */
  isComplete(opened: Opened): Promise<boolean>;
  /** Brings it to completion, from whatever is there: it may have been interrupted. Undefined where rows come otherwise. */
  fill?(context: FillContext): Promise<void>;
  /** Loads what turns typed text into a vector; undefined where only rows can be queries. */
  loadText?(opened: Opened): Promise<TextEmbedder>;
  loadCard(): Promise<ComponentType<CardProps>>;
  /** Its own search view; undefined: the list, which suits texts. */
  loadSearch?(): Promise<ComponentType<ViewProps>>;
}

export interface ViewProps {
  readonly open: OpenCollection;
  /** Its part of the URL. */
  readonly params: URLSearchParams;
}
