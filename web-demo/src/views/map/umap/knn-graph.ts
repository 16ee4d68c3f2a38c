/** What UMAP is made of: for every row its nearest rows, nearest first, itself among them. */
export interface KnnGraph {
  readonly rows: number;
  /** Neighbours for each row. */
  readonly k: number;
  /** Row numbers, shape (rows, k); -1 where a row has fewer. */
  readonly neighbours: Int32Array;
  /** Ascending, not negative, shape (rows, k). Only differences within a row and their sizes matter, so any distance will do. */
  readonly distances: Float32Array;
}
