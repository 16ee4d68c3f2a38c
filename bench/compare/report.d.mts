/** What a run of the comparison leaves behind. */

export interface PointReport {
  readonly label: string;
  readonly recall: number;
  /** Of a filtered family: by which filter, the share of rows that it matches, in which way asked, and the mean of hits that came back of those there are (k, or all that match). */
  readonly filter?: string;
  readonly share?: number;
  readonly asked?: string;
  readonly hits?: number;
  readonly hitsMost?: number;
  /** Queries of one timed pass. */
  readonly queries: number;
  /** Queries per second, one figure a round. */
  readonly rounds: number[];
}

export interface EngineReport {
  readonly id: string;
  readonly name: string;
  readonly what: string;
  /** One of Elanus's indexes. */
  readonly isOwn: boolean;
  readonly buildSeconds: number;
  /** Index with its vectors, by the engine's own count or as saved; null where it does not say. */
  readonly ownBytes: number | null;
  readonly note?: string;
  readonly points: PointReport[];
}

export interface FamilyReport {
  readonly set: string;
  readonly family: string;
  readonly metric: string;
  readonly rows: number;
  readonly dim: number;
  readonly queries: number;
  readonly k: number;
  readonly nlist: number;
  readonly skipped: { readonly id: string; readonly why: string }[];
  readonly engines: EngineReport[];
}

export interface RunReport {
  readonly setup: Record<string, any>;
  readonly M: number;
  readonly efConstruction: number;
  readonly rounds: number;
  readonly results: FamilyReport[];
}
