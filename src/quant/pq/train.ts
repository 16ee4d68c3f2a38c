/** How the words of a product quantizer are learned, whatever its rows are. */

/** Rows of the sample per word. */
export const SAMPLE_PER_WORD = 64;
/** Rounds of k-means over them. */
export const ITERATIONS = 12;
