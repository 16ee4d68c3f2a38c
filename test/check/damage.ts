/** Damage by chance to what lies in a medium. */
import type { MemoryMedium } from '../../src/storage/memory.ts';
import { random } from '../support/random.ts';

export interface Damage {
  /** For messages. */
  readonly what: string;
  /** A check must say so. The end of a log is the exception: what a crash did not write looks the same. */
  readonly isFound: boolean;
  /** Nothing that was acknowledged is lost. */
  readonly isHarmless: boolean;
}

export function damageAtRandom(medium: MemoryMedium, seed: number): Damage {
  const next = random(seed * 7919);
  const int = (bound: number): number => Math.floor(next() * bound);
  const pick = <T>(list: readonly T[]): T => list[int(list.length)]!;
  const files = [...medium.files.keys()];
  const logs = [...medium.logs.keys()];
  const chosen = pick(['file', 'file', 'file', 'log', 'root'] as const);
  // What is gone already takes no more damage.
  const target = (chosen === 'root' && medium.root === null) || (chosen === 'log' && logs.length === 0) ? 'file' : chosen;
  const name = target === 'file' ? pick(files) : target === 'log' ? pick(logs) : 'root';
  const bytes = target === 'file' ? medium.files.get(name)! : target === 'log' ? joined(medium.logs.get(name)!) : medium.root!;
  const put = (changed: Uint8Array | null): void => {
    if (target === 'root') medium.root = changed;
    else if (target === 'log') {
      if (changed) medium.logs.set(name, [changed]);
      else medium.logs.delete(name);
    } else if (changed) medium.files.set(name, changed);
    else medium.files.delete(name);
  };
  const how = pick(['flip', 'flip', 'flip', 'zeros', 'noise', 'cut', 'remove', 'swap', 'longer'] as const);
  const at = int(bytes.length);
  const about = `seed ${seed}: ${how} of ${name} at ${at} of ${bytes.length}`;
  const changed = bytes.slice();
  switch (how) {
    case 'flip': {
      changed[at]! ^= 1 << int(8);
      put(changed);
      return { what: about, isFound: true, isHarmless: false };
    }
    case 'zeros':
    case 'noise': {
      const end = Math.min(changed.length, at + 1 + int(5000));
      for (let i = at; i < end; i++) changed[i] = how === 'zeros' ? 0 : int(256);
      put(changed);
      const isSame = changed.every((byte, i) => byte === bytes[i]);
      // Zeros up to the end of a log are what a crash leaves.
      const isTail = target === 'log' && how === 'zeros' && end === changed.length;
      return { what: about, isFound: !isSame && !isTail, isHarmless: isSame };
    }
    case 'cut': {
      put(bytes.slice(0, at));
      return { what: about, isFound: target !== 'log', isHarmless: false };
    }
    case 'remove': {
      put(null);
      return { what: about, isFound: target !== 'log', isHarmless: false };
    }
    case 'swap': {
      const other = pick(files);
      if (target !== 'file' || other === name) {
        put(new Uint8Array(0));
        return { what: `${about} (emptied)`, isFound: target !== 'log', isHarmless: false };
      }
      put(medium.files.get(other)!);
      medium.files.set(other, bytes);
      return { what: `${about} with ${other}`, isFound: true, isHarmless: false };
    }
    case 'longer': {
      const longer = new Uint8Array(bytes.length + 1 + int(200));
      longer.set(bytes);
      for (let i = bytes.length; i < longer.length; i++) longer[i] = 1 + int(255);
      put(longer);
      return { what: about, isFound: target !== 'log', isHarmless: true };
    }
  }
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
