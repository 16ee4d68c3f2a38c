/** What filling needs of a collection of the package. */
export interface Fillable {
  count(): Promise<number>;
  indexProgress(field: string): Promise<{ state: 'none' | 'building' | 'finished' | 'failed'; indexedRows: number; totalRows: number }>;
}

/** Columns by field, vectors flat. */
export type BlockColumns = Readonly<Record<string, ArrayLike<unknown>>>;

export interface BlockWork<Block> {
  load(index: number, onShare: (share: number) => void): Promise<Block>;
  use(block: Block, index: number): Promise<void>;
  readonly there?: ReadonlySet<number>;
  readonly signal?: AbortSignal;
  afterFirst?(): Promise<void>;
  readonly onRows?: (done: number, total: number) => void;
}

export interface BuildHooks {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

export function eachBlock<Block>(blocks: readonly { readonly rows: number }[], work: BlockWork<Block>): Promise<void>;
export function insertMissing(collection: object, key: string, columns: BlockColumns): Promise<void>;
export function isIndexed(collection: Pick<Fillable, 'indexProgress'>, field: string, rows: number): Promise<boolean>;
export function buildIndex(collection: object, field: string, spec: object, hooks?: BuildHooks): Promise<void>;
