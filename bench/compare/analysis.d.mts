/** Types of `analysis.mjs`. */
export interface Point {
  label: string;
  recall: number;
  rounds: number[];
  filter?: string;
  share?: number;
  asked?: string;
  hits?: number;
  hitsMost?: number;
}
export interface Measured {
  name: string;
  points: Point[];
}
export interface Chosen {
  name: string;
  filter: string;
  asked: string;
  point: Point;
  isReached: boolean;
}
export function medianCurve(of: Measured): { label: string; recall: number; qps: number }[];
export function atRecall(of: Measured, recall: number): number | null;
export function ratioAtRecall(of: Measured, to: Measured, recall: number): number | null;
export function ratioAtSetting(of: Measured, to: Measured, label: string): number | null;
export function chosenPoints(of: Measured, least: number): Chosen[];
export function ratioOfChosen(of: Chosen, to: Chosen | undefined): number | null;
