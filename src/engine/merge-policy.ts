/**
 * Which segments are merged. Behind the user's back in tiers: segments of about the same size are merged when there are
 * `FAN_OUT` of them, so that a row is written again once per tier and not once per merge. When asked for by name: all of them, into as few
 * as fit.
 */

/** Segments of one tier are merged when there are so many. */
export const FAN_OUT = 8;
/** Segments of fewer rows are all of the lowest tier. */
const LOWEST_TIER_ROWS = 512;
/** A segment is written anew when more of its rows than this are dead for good. */
const DEAD_SHARE_MAX = 0.2;

/** What the policy has to know of a segment. */
export interface Mergeable {
  readonly rows: number;
  /** Rows that a merge leaves out: deleted, and no read of the past may see them. */
  readonly reclaimableRows: number;
  /** Deleted rows that a merge keeps, because some read of the past may see them. */
  readonly historyRows: number;
}

/** Deleted rows that are kept and are more than this share of what is kept get a segment of their own, which searches pass by. */
export const HISTORY_SHARE_MAX = 0.2;

/** Rows that a merge keeps. */
const kept = ({ rows, reclaimableRows }: Mergeable): number => rows - reclaimableRows;

/** Nothing in it lives. */
const isHistory = (segment: Mergeable): boolean => segment.historyRows > 0 && segment.historyRows === kept(segment);

/** It is worth its while to write the segment anew, alone. */
const isMostlyDead = (segment: Mergeable): boolean => segment.reclaimableRows > segment.rows * DEAD_SHARE_MAX || hasMuchHistory(segment);

const hasMuchHistory = (segment: Mergeable): boolean => !isHistory(segment) && segment.historyRows > kept(segment) * HISTORY_SHARE_MAX;

const tierOf = (rows: number): number => Math.max(0, Math.ceil(Math.log(Math.max(rows, 1) / LOWEST_TIER_ROWS) / Math.log(FAN_OUT)));

/** The next segments to be merged, or the one to be written anew, of one partition; null when all is well. No merge makes more than `rowsMax` rows. */
export function nextMerge<S extends Mergeable>(segments: readonly S[], rowsMax: number): S[] | null {
  return nextOfKind(segments.filter((segment) => !isHistory(segment)), rowsMax) ?? nextOfKind(segments.filter(isHistory), rowsMax);
}

function nextOfKind<S extends Mergeable>(segments: readonly S[], rowsMax: number): S[] | null {
  const tiers = new Map<number, S[]>();
  for (const segment of segments) {
    const tier = tierOf(kept(segment));
    tiers.set(tier, [...(tiers.get(tier) ?? []), segment]);
  }
  for (const tier of [...tiers.keys()].sort((a, b) => a - b)) {
    const members = tiers.get(tier)!;
    if (members.length < FAN_OUT) continue;
    // The smallest first: what is nearly as large as a segment may be stays as it is.
    const group: S[] = [];
    let rows = 0;
    for (const segment of [...members].sort((a, b) => kept(a) - kept(b))) {
      if (rows + kept(segment) > rowsMax) break;
      group.push(segment);
      rows += kept(segment);
    }
    if (group.length >= FAN_OUT) return group;
  }
  const dead = segments.find(isMostlyDead);
  return dead ? [dead] : null;
}

/** The segments of one partition in as few groups as `rowsMax` allows, without those that would stay as they are. `isDeadKept`: a segment of one's own may keep dead rows. */
export function fullMerges<S extends Mergeable>(segments: readonly S[], rowsMax: number, isDeadKept: boolean): S[][] {
  return [segments.filter((segment) => !isHistory(segment)), segments.filter(isHistory)].flatMap((kind) => fullOfKind(kind, rowsMax, isDeadKept));
}

function fullOfKind<S extends Mergeable>(segments: readonly S[], rowsMax: number, isDeadKept: boolean): S[][] {
  const groups: S[][] = [];
  let group: S[] = [];
  let rows = 0;
  for (const segment of segments) {
    if (group.length > 0 && rows + kept(segment) > rowsMax) {
      groups.push(group);
      group = [];
      rows = 0;
    }
    group.push(segment);
    rows += kept(segment);
  }
  if (group.length > 0) groups.push(group);
  return groups.filter((members) => members.length > 1 || (isDeadKept ? isMostlyDead(members[0]!) : members[0]!.reclaimableRows > 0 || hasMuchHistory(members[0]!)));
}
