/** Sections of an index as a file may hold them after damage: what opening them answers. */
import { expect } from 'vitest';
import type { BuildParams, IndexContext } from '../../src/index/index.ts';
import { getIndexType } from '../../src/index/registry.ts';
import { isElanusError } from '../../src/util/error.ts';

type Sections = Map<string, Uint8Array>;

export function sectionDamage(type: string, context: IndexContext, params: BuildParams, sections: ReadonlyMap<string, Uint8Array>) {
  /** The code of the error, or `'opened'`. What fails to open must leave no memory behind. */
  const open = (given: Sections): string => {
    const { arena } = context.kernels;
    const before = arena.usedBytes;
    try {
      getIndexType(type).open(context, params, given).free();
    } catch (error) {
      expect(arena.usedBytes).toBe(before);
      return isElanusError(error) ? error.code : String(error);
    }
    return 'opened';
  };
  /** All sections, one of them changed: in place, or by what `change` answers. */
  const changed = (name: string, change: (bytes: Uint8Array) => Uint8Array | void): Sections => {
    const copy = new Map(sections);
    const bytes = sections.get(name)!.slice();
    copy.set(name, change(bytes) ?? bytes);
    return copy;
  };
  /** Each section missing, short and long. */
  const expectLengthsChecked = (): void => {
    for (const name of sections.keys()) {
      const missing = new Map(sections);
      missing.delete(name);
      expect(open(missing), name).toBe('CORRUPT');
      expect(open(changed(name, (bytes) => bytes.slice(0, -1))), name).toBe('CORRUPT');
      expect(open(changed(name, (bytes) => Uint8Array.from([...bytes, 0]))), name).toBe('CORRUPT');
    }
  };
  return { open, changed, expectLengthsChecked };
}
