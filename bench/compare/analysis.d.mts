/** Types of `analysis.mjs`. */
export interface Measured {
  name: string;
  points: { label: string; recall: number; rounds: number[] }[];
}
export function medianCurve(of: Measured): { label: string; recall: number; qps: number }[];
export function atRecall(of: Measured, recall: number): number | null;
export function ratioAtRecall(of: Measured, to: Measured, recall: number): number | null;
export function ratioAtSetting(of: Measured, to: Measured, label: string): number | null;
