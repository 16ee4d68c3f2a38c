/** Types of `svg.mjs`. */
export interface Series {
  name: string;
  isOwn: boolean;
  /** In order of x. */
  points: { x: number; y: number }[];
}

export interface Axis {
  label: string;
  ticks: { at: number; text: string }[];
  /** 0 at the start of the axis, 1 at its end. */
  place(value: number): number;
}

export interface LinePanel {
  title: string;
  x: Axis;
  y: Axis;
  series: Series[];
}

export interface BarPanel {
  title: string;
  unit: string;
  groups: { name: string; bars: { name: string; isOwn: boolean; value: number; text: string }[] }[];
}

export function escapeXml(text: unknown): string;
export function spread(wanted: number[], gap: number, low: number, high: number): number[];
export function recallAxis(values: number[], k?: number): Axis;
export function logAxis(label: string, values: number[], marks?: number[]): Axis;
export function short(value: number): string;
export function drawPanels(panels: (LinePanel | BarPanel)[], options?: { columns?: number; note?: string }): string;
