export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** Bytes received so far, of the packed file. */
  readonly onBytes?: (received: number) => void;
}

/** Answers the bytes of a file of the sample folder, packed or already unpacked. */
export type SampleReader = (name: string, options?: ReadOptions) => Promise<Uint8Array>;

export interface SamplePart {
  readonly name: string;
  /** Unpacked. */
  readonly bytes: number;
  readonly packedBytes: number;
}

export interface ImagePart extends SamplePart {
  readonly rows: number;
}

export interface SampleDescription {
  readonly version: 1;
  readonly images: {
    readonly rows: number;
    readonly dim: number;
    readonly classes: readonly string[];
    readonly blocks: readonly ImagePart[];
    readonly unseen: ImagePart;
  };
  readonly abstracts: {
    readonly rows: number;
    readonly dim: number;
    readonly scale: number;
    readonly vectors: SamplePart;
    readonly texts: SamplePart;
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

export interface Abstract {
  readonly title: string;
  readonly text: string;
}

export interface SampleSource {
  readonly description: SampleDescription;
  imageBlock(index: number, options?: ReadOptions): Promise<Pictures>;
  unseenImages(options?: ReadOptions): Promise<Pictures>;
  /** Shape (rows, 384), row-major. */
  abstractVectors(options?: ReadOptions): Promise<Float32Array>;
  abstracts(options?: ReadOptions): Promise<Abstract[]>;
}

export function fetchReader(base: string): SampleReader;
export function openSource(read: SampleReader): Promise<SampleSource>;
