/** The sample of this checkout, read from its files (Node). */
import { readFile } from 'node:fs/promises';

const folder = new URL('../public/sample/', import.meta.url);

/** A reader for `openSource`. @param {string} name */
export async function fileReader(name) {
  return new Uint8Array(await readFile(new URL(name, folder)));
}
