/**
 * The root record in the origin private file system: `docs/format/opfs.md`. Two slots are written in turn, so that the
 * last root is whole while the next one is written; a slot that a crash left half-written fails its checksum and does not
 * count. A third file says which root was finished last: so a slot that has been damaged since is told from one that was never finished.
 *
 *     a, b      preamble (16) | sequence (u64) | length (u32) | the root | CRC32C of all before it (u32)
 *     newest    sequence (u64) | CRC32C of it (u32)
 */
import { ByteReader, ByteWriter } from '../../util/bytes.ts';
import { crc32c } from '../../util/crc32c.ts';
import { ElanusError, isElanusError } from '../../util/error.ts';
import { checkPreamble, encodePreamble, PREAMBLE_BYTES } from '../preamble.ts';
import { rootChanged, sameBytes } from '../refusals.ts';
import { opfsError } from './errors.ts';
import { readWhole, whenFree, writeFully, type Folder } from './file-system.ts';

export const FORMAT_VERSION = 1;
export const OLDEST_READABLE_VERSION = 1;

const SLOTS = ['a', 'b'] as const;
const NEWEST = 'newest';

interface SlotRoot {
  readonly slot: (typeof SLOTS)[number];
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** Readings of the slots before one that shows damage is believed: they may be written meanwhile. */
const READINGS_MAX = 4;

export class OpfsRoot {
  readonly #folder: Folder;
  readonly #lockName: string;

  /** `lockName`: a Web Lock that all who swap this root take meanwhile. */
  constructor(folder: Folder, lockName: string) {
    this.#folder = folder;
    this.#lockName = lockName;
  }

  async read(): Promise<Uint8Array | null> {
    return (await this.#newest())?.bytes ?? null;
  }

  /** LOCKED when the root is not `expected`. */
  async swap(expected: Uint8Array | null, next: Uint8Array): Promise<void> {
    await navigator.locks.request(this.#lockName, async () => {
      const current = await this.#newest();
      if (!sameBytes(current?.bytes ?? null, expected)) throw rootChanged();
      const sequence = (current?.sequence ?? 0) + 1;
      await this.#write(current?.slot === 'a' ? 'b' : 'a', encodeSlot(sequence, next), true);
      // Without it the new root is as good; only damage to it would go unnoticed. So nobody waits for it to be durable, but at the first.
      const stamp = new ByteWriter(12).u64(BigInt(sequence));
      await this.#write(NEWEST, stamp.u32(crc32c(stamp.finish())).finish(), sequence === 1).catch(() => undefined);
    });
  }

  async #newest(): Promise<SlotRoot | null> {
    for (let reading = 1; ; reading++) {
      // In this order: whatever was finished before the slots are looked at must be in one of them.
      const finished = await this.#finished();
      const found = await Promise.all(SLOTS.map((slot) => this.#readSlot(slot)));
      const roots = found.filter((slot) => slot !== null && slot !== 'unfinished').sort((a, b) => b.sequence - a.sequence);
      const newest = roots[0] ?? null;
      const isWhole = newest ? newest.sequence >= finished : finished === 0 && found.some((slot) => slot === null);
      if (isWhole) return newest;
      if (reading === READINGS_MAX) {
        throw new ElanusError('CORRUPT', `"root" expected its slots to hold root ${Math.max(finished, 1)}, got ${newest ? `root ${newest.sequence} at most` : 'none that is whole'}`, { file: 'root', finished });
      }
      await new Promise((resolve) => setTimeout(resolve, 10 * reading));
    }
  }

  /** The last root that was finished, as far as that was written down; 0: not known. */
  async #finished(): Promise<number> {
    const bytes = await readWhole(this.#folder, NEWEST);
    if (bytes?.length !== 12) return 0;
    const reader = new ByteReader(bytes, NEWEST);
    const sequence = reader.count64();
    return reader.u32() === crc32c(bytes, 0, 8) ? sequence : 0;
  }

  /** Null where it was never written; `unfinished` where it is not whole. */
  async #readSlot(slot: (typeof SLOTS)[number]): Promise<SlotRoot | null | 'unfinished'> {
    const bytes = await readWhole(this.#folder, slot);
    if (bytes === null) return null;
    try {
      checkPreamble(`root/${slot}`, bytes, 'slot', { newest: FORMAT_VERSION, oldest: OLDEST_READABLE_VERSION });
      const reader = new ByteReader(bytes, `root/${slot}`);
      reader.bytes(PREAMBLE_BYTES);
      const sequence = reader.count64();
      const root = reader.copy(reader.u32());
      const checksum = reader.u32();
      reader.end();
      return checksum === crc32c(bytes, 0, bytes.length - 4) ? { slot, sequence, bytes: root } : 'unfinished';
    } catch (error) {
      if (isElanusError(error) && error.code === 'CORRUPT') return 'unfinished';
      throw error;
    }
  }

  async #write(name: string, bytes: Uint8Array, isDurable: boolean): Promise<void> {
    try {
      const entry = await this.#folder.getFileHandle(name, { create: true });
      const file = await whenFree(() => entry.createSyncAccessHandle());
      try {
        writeFully(file, bytes, 0);
        file.truncate(bytes.length);
        if (isDurable) file.flush();
      } finally {
        file.close();
      }
    } catch (error) {
      throw opfsError(error, 'write', `root/${name}`);
    }
  }
}

export function encodeSlot(sequence: number, root: Uint8Array): Uint8Array {
  const writer = new ByteWriter(PREAMBLE_BYTES + root.length + 16);
  writer.bytes(encodePreamble('slot', FORMAT_VERSION)).u64(BigInt(sequence)).u32(root.length).bytes(root);
  return writer.u32(crc32c(writer.finish())).finish();
}
