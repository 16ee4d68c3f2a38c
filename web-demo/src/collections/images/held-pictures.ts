/**
 * The pictures that the page has of an open collection. They are read back from the database, whose vectors they are:
 * block after block, those that are wanted first, and behind the visitor's own searches.
 */
import { readPictures, ROWS } from '../../../sample/collections.mjs';
import type { PictureCollections } from '../../../sample/collections.mjs';
import { idle } from '../../session/foreground.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import { createStore } from '../../util/store.ts';
import { pictureCollections } from './picture-collections.ts';
import { PictureSet } from './pictures.ts';

/** Pictures read at once: a screen full and some. */
export const PICTURE_BLOCK = 250;

const BLOCKS = ROWS.images / PICTURE_BLOCK;
/** It looks for more when the collection says that something changed, and from time to time: test pictures come without notice. */
const LOOK_MS = 250;

export class HeldPictures {
  readonly stored = new PictureSet(ROWS.images);
  readonly unseen = new PictureSet(ROWS.unseen);
  readonly state = createStore<{ readonly storedRows: number; readonly unseenRows: number; readonly error: string | null }>({ storedRows: 0, unseenRows: 0, error: null });
  #wanted: readonly number[] = [];

  constructor(open: OpenCollection) {
    this.#read(open).catch((cause: unknown) => {
      if (!open.signal.aborted) this.state.set({ error: cause instanceof Error ? cause.message : String(cause) });
    });
  }

  /** Says which blocks are wanted first. */
  prefer(blocks: readonly number[]): void {
    this.#wanted = blocks;
  }

  async #read(open: OpenCollection): Promise<void> {
    const collections = await pictureCollections(open);
    const isRead = new Set<number>();
    while (isRead.size < BLOCKS && !open.signal.aborted) {
      await this.#readUnseen(collections);
      // Pictures come in the order of their ids.
      const whole = Math.floor(open.state.get().rows / PICTURE_BLOCK);
      const next = [...this.#wanted, ...Array(BLOCKS).keys()].find((block) => block < whole && !isRead.has(block));
      if (next === undefined) {
        await changeOf(open);
        continue;
      }
      isRead.add(next);
      await readPictures(collections.images, PICTURE_BLOCK, (block) => this.stored.add(block), { from: next * PICTURE_BLOCK });
      this.state.set({ storedRows: this.stored.rows });
      await idle();
    }
  }

  async #readUnseen({ unseen }: PictureCollections): Promise<void> {
    if (this.unseen.isComplete || (await unseen.count()) !== ROWS.unseen) return;
    await readPictures(unseen, ROWS.unseen, (block) => this.unseen.add(block));
    this.state.set({ unseenRows: this.unseen.rows });
  }
}

function changeOf({ state }: OpenCollection): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(done, LOOK_MS);
    const stop = state.subscribe(done);
  });
}

const held = new WeakMap<OpenCollection, HeldPictures>();

export function picturesOf(open: OpenCollection): HeldPictures {
  let pictures = held.get(open);
  if (pictures === undefined) held.set(open, (pictures = new HeldPictures(open)));
  return pictures;
}
