/**
 * How a filter finds its rows in a sealed segment: what its zone maps decide goes first, then scalar indexes are asked for what they
 * tell faster than a scan would, and what is left is looked up in columns.
 */
import { costOf } from '../filter/evaluate/cost.ts';
import type { Leaf, Predicate, Truth } from '../filter/predicate.ts';
import { prune } from '../filter/prune.ts';
import { openScalarIndex } from '../scalar-index/build.ts';
import type { ScalarIndex, Target } from '../scalar-index/index.ts';
import { mayAnswer, refOf } from '../scalar-index/may-answer.ts';
import { targetOf } from '../scalar-index/registry.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import type { SegmentScalarIndexEntry } from '../storage/manifest/manifest.ts';

export interface FilterPlan {
  /** True for the same rows as the filter. */
  readonly predicate: Predicate;
  /** What is known of its leaves, for all rows. */
  readonly truths: ReadonlyMap<Leaf, Truth>;
  /** Names of the indexes that told it. */
  readonly indexes: readonly string[];
  /** Rows that are expected to match, dead ones among them; null: not known. */
  readonly estimate: number | null;
}

/** An index over what a leaf is about. */
interface Candidate {
  readonly entry: SegmentScalarIndexEntry;
  readonly target: Target;
}

/** Reading a column takes about as long for a row as comparing so many numbers. */
const LOAD_COST = 20;
/** What is matched anyway, so that it need not be compared, where nothing is known. */
const UNKNOWN_SHARE = 1;

/** At once where all indexes that may be of use are in memory. */
export function planFilter(segment: SealedSegment, filter: Predicate): FilterPlan | Promise<FilterPlan> {
  const predicate = prune(filter, (field) => segment.zone(field));
  const candidates = new Map<Leaf, Candidate>();
  if (segment.scalarIndexes.entries.length > 0) findCandidates(segment, predicate, candidates);
  const opened = new Map<string, ScalarIndex>();
  const pending: Promise<void>[] = [];
  for (const candidate of candidates.values()) {
    const { file } = candidate.entry;
    const cached = segment.scalarIndexes.cached(candidate.entry);
    if (cached) opened.set(file, cached);
    else if (!opened.has(file)) pending.push(open(segment, candidate).then((index) => void (index && opened.set(file, index))));
  }
  const plan = (): FilterPlan => new Planner(segment, candidates, opened).plan(predicate);
  return pending.length === 0 ? plan() : Promise.all(pending).then(plan);
}

/** The first index of each leaf that may tell of it. */
function findCandidates(segment: SealedSegment, predicate: Predicate, found: Map<Leaf, Candidate>): void {
  switch (predicate.kind) {
    case 'constant':
    case 'fixed':
      return;
    case 'and':
    case 'or':
      for (const part of predicate.parts) findCandidates(segment, part, found);
      return;
    case 'not':
      return findCandidates(segment, predicate.part, found);
    default: {
      const field = refOf(predicate)?.field;
      if (!field) return;
      for (const entry of segment.scalarIndexes.entries) {
        if (entry.fieldId !== field.fieldId) continue;
        const target = targetOf(field, entry.path ?? null, entry.spec);
        if (mayAnswer(entry.spec, target, predicate)) return void found.set(predicate, { entry, target });
      }
    }
  }
}

/** Null where it was dropped, or built anew, while it was being read. */
async function open({ scalarIndexes, rows }: SealedSegment, { entry, target }: Candidate): Promise<ScalarIndex | null> {
  try {
    return await scalarIndexes.load(entry, (sections) => openScalarIndex(sections, target, rows));
  } catch (error) {
    if (scalarIndexes.entries.some(({ file }) => file === entry.file)) throw error;
    return null;
  }
}

class Planner {
  readonly #segment: SealedSegment;
  readonly #candidates: ReadonlyMap<Leaf, Candidate>;
  readonly #opened: ReadonlyMap<string, ScalarIndex>;
  readonly #truths = new Map<Leaf, Truth>();
  readonly #names = new Set<string>();

  constructor(segment: SealedSegment, candidates: ReadonlyMap<Leaf, Candidate>, opened: ReadonlyMap<string, ScalarIndex>) {
    this.#segment = segment;
    this.#candidates = candidates;
    this.#opened = opened;
  }

  plan(predicate: Predicate): FilterPlan {
    const estimate = this.#estimate(predicate);
    return { predicate: this.#planned(predicate, 1), truths: this.#truths, indexes: [...this.#names], estimate: estimate === null ? null : Math.round(estimate) };
  }

  /** `share`: of the rows, for which it is still open whether they match. */
  #planned(predicate: Predicate, share: number): Predicate {
    switch (predicate.kind) {
      case 'constant':
      case 'fixed':
        return predicate;
      case 'not':
        return { kind: 'not', part: this.#planned(predicate.part, share) };
      case 'or':
        return { kind: 'or', parts: predicate.parts.map((part) => this.#planned(part, share)) };
      case 'and': {
        // Those of few rows first: what comes after them has little left to look at.
        const { rows } = this.#segment;
        const shares = new Map(predicate.parts.map((part) => [part, (this.#estimate(part) ?? UNKNOWN_SHARE * rows) / Math.max(rows, 1)]));
        let open = share;
        const parts = predicate.parts.toSorted((a, b) => shares.get(a)! - shares.get(b)!).map((part) => {
          const planned = this.#planned(part, open);
          open *= shares.get(part)!;
          return planned;
        });
        return { kind: 'and', parts };
      }
      default:
        return this.#plannedLeaf(predicate, share);
    }
  }

  #plannedLeaf(leaf: Leaf, share: number): Predicate {
    const index = this.#indexFor(leaf);
    if (!index) return leaf;
    const isExact = index.answers(leaf) === 'exact';
    const { rows } = this.#segment;
    const rowCost = costOf(leaf, () => false);
    const isHere = this.#segment.cachedColumn(refOf(leaf)!.field.fieldId) !== null;
    const scan = rows * share * rowCost + (isHere ? 0 : rows * LOAD_COST);
    // Candidates are looked at in the column all the same.
    const looked = index.work(leaf) + (isExact ? 0 : index.estimate(leaf) * share * rowCost + (isHere ? 0 : rows * LOAD_COST));
    if (looked >= scan) return leaf;
    this.#names.add(this.#candidates.get(leaf)!.entry.name);
    if (isExact) {
      this.#truths.set(leaf, index.lookup(leaf));
      return leaf;
    }
    const known = { ...leaf };
    this.#truths.set(known, index.lookup(leaf));
    return { kind: 'and', parts: [known, leaf] };
  }

  #indexFor(leaf: Leaf): ScalarIndex | null {
    const candidate = this.#candidates.get(leaf);
    const index = candidate && this.#opened.get(candidate.entry.file);
    return index && index.answers(leaf) !== 'none' ? index : null;
  }

  /** Rows for which it is true; null: not known. */
  #estimate(predicate: Predicate): number | null {
    const { rows } = this.#segment;
    switch (predicate.kind) {
      case 'constant':
      case 'fixed':
        return predicate.value ? rows : 0;
      case 'not': {
        const part = this.#estimate(predicate.part);
        return part === null ? null : rows - part;
      }
      case 'and': {
        // As if what is known had nothing to do with each other.
        const known = predicate.parts.map((part) => this.#estimate(part)).filter((part) => part !== null);
        return known.length === 0 ? null : known.reduce((share, part) => share * (part / Math.max(rows, 1)), rows);
      }
      case 'or': {
        let sum = 0;
        for (const part of predicate.parts) {
          const estimate = this.#estimate(part);
          if (estimate === null) return null;
          sum += estimate;
        }
        return Math.min(sum, rows);
      }
      default:
        return this.#indexFor(predicate)?.estimate(predicate) ?? null;
    }
  }
}
