/**
 * Colours of the map. Categories: twelve that stay apart for eyes of every kind (searched for by the least distance in
 * OKLab, also as seen without red, green or blue cones; `test/demo/map-colours.test.ts` measures it), the first ones farthest.
 * Numbers: ramps whose lightness only rises or only falls, away from the paper.
 */
export interface Palette {
  readonly categories: readonly string[];
  /** All other categories. */
  readonly other: string;
  /** Rows without a value. */
  readonly none: string;
  /** Of one field without colours. */
  readonly plain: string;
  /** From the least value to the largest, evenly spaced. */
  readonly ramp: readonly string[];
}

export const LIGHT: Palette = {
  categories: ['#1961d4', '#b8b91c', '#94180d', '#ed5790', '#73baea', '#b96deb', '#ea998b', '#653161', '#9256a0', '#3a6d53', '#938251', '#542dae'],
  other: '#9c9a94',
  none: '#c9c6bf',
  plain: '#3f6f9f',
  ramp: ['#e2b13c', '#de8747', '#cb5f5c', '#a63f77', '#732f85', '#3a2774'],
};

export const DARK: Palette = {
  categories: ['#3a81f6', '#d5f64e', '#da6c1e', '#49eaf2', '#286f73', '#b9bb50', '#f78fb1', '#8d41bc', '#8c541f', '#a27ebd', '#f9d3a9', '#8fb5f4'],
  other: '#6c727a',
  none: '#454b53',
  plain: '#7fb0de',
  ramp: ['#51479f', '#8549a4', '#b94f93', '#e2647a', '#f79366', '#fcd27a'],
};

export type Rgb = readonly [red: number, green: number, blue: number];

/** Of `#rrggbb`, 0 to 255 each. */
export function rgbOf(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** The ramp's colour at a share of its length, 0 to 1. */
export function rampAt(ramp: readonly string[], share: number): Rgb {
  const at = Math.min(Math.max(share, 0), 1) * (ramp.length - 1);
  const index = Math.min(Math.floor(at), ramp.length - 2);
  const [from, to] = [rgbOf(ramp[index]), rgbOf(ramp[index + 1])];
  return [0, 1, 2].map((i) => Math.round(from[i] + (to[i] - from[i]) * (at - index))) as unknown as Rgb;
}
