import { inWords, openFiles, startOver } from './adding.ts';
import type { SourceFile } from './table-reader.ts';

/** Opens what a function answers; a failure is shown. */
export async function openWhat(files: SourceFile[] | Promise<SourceFile[]> | (() => SourceFile[] | Promise<SourceFile[]>)): Promise<void> {
  try {
    await openFiles(await (typeof files === 'function' ? files() : files));
  } catch (error) {
    startOver(inWords(error));
  }
}
