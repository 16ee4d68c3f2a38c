/** How much the page takes at once. */

/** Of all files together. */
export const BYTES_MAX = 1_000_000_000;
/** Rows of a collection: what an ordinary laptop embeds and indexes in a few minutes. */
export const ROWS_MAX = 200_000;
/** Characters of the texts that a latent space is worked out of; of more texts evenly spread ones. */
export const FIT_CHARACTERS = 40_000_000;
/** Files of a folder. */
export const FILES_MAX = 20_000;
/** Folders in folders. */
export const DEPTH_MAX = 16;
/** Characters that can be pasted. */
export const PASTE_MAX = 20_000_000;
