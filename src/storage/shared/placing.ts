/** What the appends of one transaction get: the arithmetic that every shared log does alike, inside its transaction. */
import { ElanusError } from '../../util/error.ts';
import type { SharedHead } from './format.ts';
import type { SharedAppendOptions, SharedDraft, SharedPlace } from './shared.ts';

const LOGICAL_BITS = 18n;

/** A timestamp after these two: the wall clock's where that is later. */
export function nextTimestamp(last: bigint, after: bigint, wallMs: number): bigint {
  const wall = BigInt(wallMs) << LOGICAL_BITS;
  const least = (last > after ? last : after) + 1n;
  return wall > least ? wall : least;
}

/** The head of a log that nothing was written to. */
export const bornHead = ({ generation, nextAutoId }: SharedAppendOptions['birth']): SharedHead => ({ generation, firstGeneration: generation, sequence: 0, nextAutoId, isEnded: false });

/** Places for the drafts in turn, and the head and clock afterwards. NOT_FOUND where the log was ended, UNAVAILABLE where it is held. */
export function placeDrafts(
  head: SharedHead,
  clock: bigint,
  drafts: readonly SharedDraft[],
  after: bigint,
  wallMs: number,
): { readonly places: (SharedPlace | null)[]; readonly head: SharedHead; readonly clock: bigint } {
  assertNotEnded(head);
  if (head.isHeld) throw new ElanusError('UNAVAILABLE', 'nothing was written: another tab is about to move the collection to another embedder; open it again by its name');
  let { sequence, nextAutoId } = head;
  let last = clock;
  const places = drafts.map(({ autoIds, idsBelow, ifSequence }): SharedPlace | null => {
    if (ifSequence !== undefined && ifSequence !== sequence) return null;
    sequence++;
    last = nextTimestamp(last, after, wallMs);
    const firstAutoId = autoIds > 0 ? nextAutoId : 0n;
    nextAutoId += BigInt(autoIds);
    if (idsBelow !== undefined && idsBelow > nextAutoId) nextAutoId = idsBelow;
    return { generation: head.generation, sequence, timestamp: last, firstAutoId };
  });
  return { places, head: { ...head, sequence, nextAutoId }, clock: last };
}

/** NOT_FOUND where the log was ended. */
export function heldHead(head: SharedHead): SharedHead {
  assertNotEnded(head);
  return { ...head, isHeld: true };
}

export function letGoHead({ isHeld: _, ...head }: SharedHead): SharedHead {
  return head;
}

export function assertNotEnded(head: SharedHead): void {
  if (head.isEnded) throw new ElanusError('NOT_FOUND', 'the collection has been dropped');
}
