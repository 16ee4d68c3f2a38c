/** A builder's side of what its team tells each other (`SharedBuilder`). */
import type { Work } from '../quant/kmeans.ts';
import type { Team } from './index.ts';

const ALONE: Team = { index: 0, count: 1 };

export class Turns {
  readonly team: Team;
  #message: Uint32Array | null = null;
  #answers: readonly Uint32Array[] = [];

  constructor(team: Team = ALONE) {
    this.team = team;
  }

  /** The builder has said something and has not heard the others yet. */
  get isWaiting(): boolean {
    return this.#message !== null;
  }

  /** Tells the others, and waits until all have been heard; answers what all said, in their order. */
  *exchange(message: Uint32Array): Work<readonly Uint32Array[]> {
    this.#message = message;
    while (this.#message !== null) yield 0;
    return this.#answers;
  }

  takeMessage(): Uint8Array | null {
    const message = this.#message;
    return message && new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
  }

  giveMessages(messages: readonly Uint8Array[]): void {
    this.#answers = messages.map(({ buffer, byteOffset, byteLength }) => new Uint32Array(buffer, byteOffset, byteLength / 4));
    this.#message = null;
  }
}

/** Part `index` of `count` nearly equal ones of [from, to). */
export function shareOf(from: number, to: number, { index, count }: Team): { readonly from: number; readonly to: number } {
  const at = (i: number): number => from + Math.floor(((to - from) * i) / count);
  return { from: at(index), to: at(index + 1) };
}
