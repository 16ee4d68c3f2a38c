import type { Fillable } from './fill.mjs';
import type { PackageColumns, SampleSource } from './source.mjs';

export const PACKAGES: { readonly rows: number; readonly dim: number; readonly space: string };

export interface PackageProgress {
  readonly step: 'packages' | 'package-index';
  /** For people: what is being done. */
  readonly label: string;
  /** Rows. */
  readonly done: number;
  readonly total: number;
}

/** A block's rows with their vectors, shape (rows, 96), row-major. */
export interface PlacedPackages {
  readonly columns: PackageColumns;
  readonly vectors: Float32Array;
}

export type PackageCollection = Fillable & { readonly schema: { readonly description?: string } };

export function packageSchema<Schema>(defineSchema: (schema: any) => Schema): Schema;
export function readPackages(bytes: Uint8Array, firstId: number): PackageColumns;
export function textsOf(columns: Pick<PackageColumns, 'name' | 'text'>): string[];
export function arePackagesComplete(packages: PackageCollection): Promise<boolean>;
export function fillPackages(
  packages: PackageCollection,
  getSource: () => Promise<SampleSource>,
  place: (bytes: Uint8Array, firstId: number) => Promise<PlacedPackages>,
  hooks?: { readonly signal?: AbortSignal; readonly firstShown?: () => Promise<void>; readonly onProgress?: (progress: PackageProgress) => void },
): Promise<void>;
