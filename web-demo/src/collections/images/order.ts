/**
 * The order in which pictures are shown. It is mixed within blocks, and the blocks are mixed, so that the first screen
 * is there when one block is, the blocks that come later only add to the end, and a link shows the same to everyone.
 */
import { PICTURE_BLOCK } from './held-pictures.ts';
import { shuffled } from '../../util/random.ts';

/** Seed of the order that begins with the pictures that arrive first on a first visit. */
export const FIRST_SEED = 1;

/** Numbers of the blocks. @param rows of the set */
export function blockOrder(rows: number, seed: number): number[] {
  const blocks = Math.ceil(rows / PICTURE_BLOCK);
  return seed === FIRST_SEED ? Array.from({ length: blocks }, (_, block) => block) : [...shuffled(blocks, seed)];
}

/** All ids. */
export function pictureOrder(rows: number, seed: number): number[] {
  return blockOrder(rows, seed).flatMap((block) => {
    const firstId = block * PICTURE_BLOCK;
    return Array.from(shuffled(Math.min(PICTURE_BLOCK, rows - firstId), seed + block), (offset) => firstId + offset);
  });
}
