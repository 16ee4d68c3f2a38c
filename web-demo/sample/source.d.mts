export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** Bytes received so far, of the packed file. */
  readonly onBytes?: (received: number) => void;
}

export interface PartOptions {
  readonly signal?: AbortSignal;
  /** How much has arrived, 0 to 1 (more where the server unpacks on the way). */
  readonly onShare?: (share: number) => void;
}

/** Answers the bytes of a file of the sample folder, packed or already unpacked. */
export type SampleReader = (name: string, options?: ReadOptions) => Promise<Uint8Array>;

export interface SamplePart {
  readonly name: string;
  /** Unpacked. */
  readonly bytes: number;
  readonly packedBytes: number;
}

/** A block of rows in one file. */
export interface BlockPart extends SamplePart {
  readonly rows: number;
}

/** A block of rows in two files. */
export interface TextBlock {
  readonly rows: number;
  readonly texts: SamplePart;
  readonly vectors: SamplePart;
}

export interface SampleDescription {
  readonly version: 2;
  readonly images: {
    readonly rows: number;
    readonly dim: number;
    readonly classes: readonly string[];
    readonly blocks: readonly BlockPart[];
    readonly unseen: BlockPart;
  };
  readonly papers: {
    readonly rows: number;
    readonly dim: number;
    /** A vector's values times this are whole numbers. */
    readonly scale: number;
    readonly blocks: readonly TextBlock[];
  };
  readonly art: {
    readonly rows: number;
    readonly dim: number;
    /** Codes go from minus this to this. */
    readonly steps: number;
    readonly ranges: SamplePart;
    readonly blocks: readonly TextBlock[];
  };
  readonly packages: {
    readonly rows: number;
    readonly dim: number;
    readonly space: SamplePart & { readonly id: string };
    readonly blocks: readonly BlockPart[];
  };
}

export interface Pictures {
  readonly firstId: number;
  readonly rows: number;
  /** Class of each picture. Shape (rows). */
  readonly labels: Uint8Array;
  /** Shape (rows, 784), row-major, 0 (background) to 255. */
  readonly pixels: Uint8Array;
}

export interface Paper {
  readonly title: string;
  readonly text: string;
}

export interface PaperBlock {
  readonly firstId: number;
  readonly texts: Paper[];
  /** Shape (rows, 384), row-major. */
  readonly vectors: Float32Array;
}

/** An array per field, of the same length. Null where the museum says nothing. */
export interface ArtColumns {
  readonly id: number[];
  readonly title: string[];
  readonly artist: string[];
  readonly date: (string | null)[];
  readonly medium: (string | null)[];
  readonly culture: (string | null)[];
  readonly classification: (string | null)[];
  /** Years read from `date`, negative before the common era. */
  readonly year_from: (number | null)[];
  readonly year_to: (number | null)[];
  readonly department: string[];
  readonly tags: string[][];
}

export interface ArtBlock {
  readonly columns: ArtColumns;
  /** Shape (rows, 512), row-major. */
  readonly vectors: Float32Array;
}

/** An array per field, of the same length. */
export interface PackageColumns {
  readonly id: number[];
  readonly name: string[];
  readonly text: string[];
  readonly section: string[];
  readonly priority: string[];
  readonly arch: string[];
  /** Bytes of the archive's file. */
  readonly size: number[];
  readonly installed_kb: number[];
  readonly n_depends: number[];
  readonly essential: boolean[];
  readonly tags: string[][];
}

export interface SampleSource {
  readonly description: SampleDescription;
  imageBlock(index: number, options?: PartOptions): Promise<Pictures>;
  unseenImages(options?: PartOptions): Promise<Pictures>;
  paperBlock(index: number, options?: PartOptions): Promise<PaperBlock>;
  /** Bytes for `loadLatentSpace`. */
  packageSpace(options?: PartOptions): Promise<Uint8Array>;
  /** A block for `readPackages`. */
  packageBytes(index: number, options?: PartOptions): Promise<{ readonly firstId: number; readonly bytes: Uint8Array }>;
  artBlock(index: number, options?: PartOptions): Promise<ArtBlock>;
}

export function fetchReader(base: string, version?: string): SampleReader;
export function openSource(read: SampleReader): Promise<SampleSource>;
