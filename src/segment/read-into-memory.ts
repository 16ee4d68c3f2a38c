/** Reading a section of a file into kernel memory, in slices so that the host is served. */
import type { Kernels } from '../kernels/kernels.ts';
import { ROWS_SLACK_BYTES } from '../kernels/rows.ts';
import type { SectionFile } from '../storage/sections/index.ts';
import { ElanusError } from '../util/error.ts';
import { yieldToHost } from '../util/yield.ts';

const READ_BYTES = 1 << 20;

/** Answers where the bytes are. CORRUPT for a section of another length, CLOSED when `isFreed` before the end. */
export async function readIntoMemory(kernels: Kernels, file: SectionFile, section: string, byteLength: number, isFreed: () => boolean): Promise<number> {
  const { arena } = kernels;
  if (file.byteLength(section) !== byteLength) {
    throw new ElanusError('CORRUPT', `"${section}" of "${file.name}" expected ${byteLength} bytes, got ${file.byteLength(section)}`, { file: file.name, section });
  }
  const ptr = arena.alloc(byteLength + ROWS_SLACK_BYTES);
  try {
    for (let from = 0; from < byteLength; from += READ_BYTES) {
      const bytes = await file.read(section, from, Math.min(from + READ_BYTES, byteLength));
      checkOpen(isFreed);
      arena.u8(ptr + from, bytes.length).set(bytes);
      if (((from / READ_BYTES) & 7) === 7) await yieldToHost();
    }
    checkOpen(isFreed);
  } catch (error) {
    arena.free(ptr);
    throw error;
  }
  return ptr;
}

function checkOpen(isFreed: () => boolean): void {
  if (isFreed()) throw new ElanusError('CLOSED', 'the segment was released while its vectors were loading');
}
