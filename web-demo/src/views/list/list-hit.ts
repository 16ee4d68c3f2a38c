import type { Entity } from '../../collections/dataset.ts';
import type { Id } from '../../session/rows.ts';

export interface ListHit {
  readonly id: Id;
  /** Absent where rows were not compared. */
  readonly score?: number;
  readonly entity: Entity;
}
