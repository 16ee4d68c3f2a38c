/** Colours of the map: which rows get which, and whether people of all kinds of sight can tell them apart. */
import { describe, expect, it } from 'vitest';
import { CATEGORIES_MAX, colouringOf, colourOf, colourTable } from '../../web-demo/src/views/map/colouring.ts';
import { DARK, LIGHT, rampAt, rgbOf, type Rgb } from '../../web-demo/src/views/map/palette.ts';

/** What dichromats see, in linear RGB: Machado, Oliveira, Fernandes 2009, severity 1. */
const SIGHTS = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
} as const;

const linear = (rgb: Rgb): number[] => rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
const seen = (sight: readonly number[], rgb: number[]): number[] => [0, 1, 2].map((i) => Math.min(Math.max(sight[3 * i] * rgb[0] + sight[3 * i + 1] * rgb[1] + sight[3 * i + 2] * rgb[2], 0), 1));

/** Ottosson 2020. */
function oklab([r, g, b]: number[]): [number, number, number] {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}

const luminance = (rgb: Rgb): number => linear(rgb).reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (a: number, b: number): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
const PAPERS = { light: luminance(rgbOf('#ffffff')), dark: luminance(rgbOf('#1b1e22')) };

describe.each([
  ['light', LIGHT, PAPERS.light],
  ['dark', DARK, PAPERS.dark],
] as const)('the %s palette', (_, palette, paper) => {
  it.each(Object.entries(SIGHTS))('has categories that stay apart for eyes of the kind: %s', (_, sight) => {
    const colours = palette.categories.map((hex) => oklab(seen(sight, linear(rgbOf(hex)))));
    let least = Infinity;
    for (let i = 0; i < colours.length; i++) for (let j = 0; j < i; j++) least = Math.min(least, Math.hypot(...colours[i].map((value, axis) => value - colours[j][axis])));
    // A just noticeable difference is about 0.02.
    expect(least).toBeGreaterThan(0.055);
  });

  it('has as many categories as there may be, all visible on its paper', () => {
    expect(palette.categories).toHaveLength(CATEGORIES_MAX);
    for (const hex of [...palette.categories, palette.plain, palette.other]) expect(contrast(luminance(rgbOf(hex)), paper), hex).toBeGreaterThan(1.8);
  });

  it('has a ramp whose lightness goes one way, and away from the paper', () => {
    const lightness = Array.from({ length: 64 }, (_, i) => oklab(linear(rampAt(palette.ramp, i / 63)))[0]);
    const isFalling = paper > 0.5;
    for (let i = 1; i < lightness.length; i++) expect(isFalling ? lightness[i - 1] - lightness[i] : lightness[i] - lightness[i - 1]).toBeGreaterThan(0);
    expect(contrast(luminance(rampAt(palette.ramp, 1)), paper)).toBeGreaterThan(contrast(luminance(rampAt(palette.ramp, 0)), paper));
    expect(contrast(luminance(rampAt(palette.ramp, 0)), paper)).toBeGreaterThan(1.8);
  });
});

const category = { name: 'f', title: 'F', kind: 'category' } as const;

describe('categories', () => {
  it('are counted, the most frequent first, with what has no value at the end', () => {
    const colouring = colouringOf(category, 7, ['b', 'a', 'b', null, 'c', 'a', 'b']);
    if (colouring.kind !== 'category') throw new Error(colouring.kind);
    expect(colouring.entries.map(({ label, count }) => [label, count])).toEqual([['b', 3], ['a', 2], ['c', 1], ['no value', 1]]);
    expect([...colouring.codes]).toEqual([0, 1, 0, 255, 2, 1, 0]);
  });

  it('beyond the twelfth are others', () => {
    const values = Array.from({ length: 40 }, (_, i) => `n${i}`).flatMap((name, i) => Array.from({ length: 50 - i }, () => name));
    const colouring = colouringOf(category, values.length, values);
    if (colouring.kind !== 'category') throw new Error(colouring.kind);
    expect(colouring.entries).toHaveLength(CATEGORIES_MAX);
    expect(colouring.entries.slice(0, 11).map(({ label }) => label)).toEqual(Array.from({ length: 11 }, (_, i) => `n${i}`));
    const others = colouring.entries.at(-1)!;
    expect(others.label).toBe('29 others');
    expect(others.count).toBe(values.filter((name) => Number(name.slice(1)) >= 11).length);
    expect(colouring.codes[values.indexOf('n11')]).toBe(others.code);
    expect(colouring.entries.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
  });

  it('that are twelve all have a colour', () => {
    const values = Array.from({ length: 24 }, (_, i) => `n${String(i % 12).padStart(2, '0')}`);
    const colouring = colouringOf(category, 24, values);
    expect(colouring.kind === 'category' && colouring.entries.map(({ label }) => label)).toEqual([...new Set(values)]);
  });

  it('have the names and the order of the field where it gives them, and words for flags and tags', () => {
    const named = colouringOf({ ...category, names: ['zero', 'one', 'two'] }, 5, [2, 0, 2, 7, 7]);
    expect(named.kind === 'category' && named.entries.map(({ label, count }) => `${label} ${count}`)).toEqual(['zero 1', 'two 2', '7 2']);
    const flags = colouringOf({ ...category, kind: 'flag' }, 3, [true, false, true]);
    expect(flags.kind === 'category' && flags.entries.map(({ label, count }) => `${label} ${count}`)).toEqual(['yes 2', 'no 1']);
    const tags = colouringOf({ ...category, kind: 'tags' }, 4, [['x', 'y'], ['x'], [], ['y']]);
    expect(tags.kind === 'category' && tags.entries.map(({ label, count }) => `${label} ${count}`)).toEqual(['x 2', 'y 1', 'no value 1']);
  });
});

describe('numbers', () => {
  const field = { ...category, kind: 'number' } as const;

  it('go along the ramp, the least at its beginning', () => {
    const colouring = colouringOf(field, 5, [10, 20, 15, null, 10]);
    if (colouring.kind !== 'number') throw new Error(colouring.kind);
    expect([colouring.low, colouring.high, colouring.isCut, colouring.missing]).toEqual([10, 20, false, 1]);
    expect([...colouring.codes]).toEqual([0, 253, 127, 255, 0]);
    expect(colourOf(colouring, 0, LIGHT)).toEqual(rgbOf(LIGHT.ramp[0]));
    expect(colourOf(colouring, 253, LIGHT)).toEqual(rgbOf(LIGHT.ramp.at(-1)!));
    expect(colourOf(colouring, 255, LIGHT)).toEqual(rgbOf(LIGHT.none));
  });

  it('are not made one colour by a few far ones', () => {
    const values = [...Array.from({ length: 1000 }, (_, i) => i), 1e9, -1e9];
    const colouring = colouringOf(field, values.length, values);
    if (colouring.kind !== 'number') throw new Error(colouring.kind);
    expect(colouring.isCut).toBe(true);
    expect(new Set(colouring.codes).size).toBeGreaterThan(200);
    expect(colouring.codes.at(-2)).toBe(253);
    expect(colouring.codes.at(-1)).toBe(0);
  });

  it('that are sizes go along the ramp by their logarithms', () => {
    const values = Array.from({ length: 1001 }, (_, i) => Math.expm1((i / 1000) * 14));
    const colouring = colouringOf(field, values.length, values);
    if (colouring.kind !== 'number') throw new Error(colouring.kind);
    expect(colouring.isLog).toBe(true);
    expect(Math.abs(colouring.codes[500] - 127)).toBeLessThan(3);
    const even = colouringOf(field, 101, Array.from({ length: 101 }, (_, i) => i));
    expect(even.kind === 'number' && even.isLog).toBe(false);
  });

  it('that are all the same, or none, or no numbers, are drawn', () => {
    expect([...colouringOf(field, 2, [3, 3]).codes]).toEqual([127, 127]);
    expect([...colouringOf(field, 2, [null, 'x']).codes]).toEqual([255, 255]);
    expect([...colouringOf(field, 1, [5n]).codes]).toEqual([127]);
  });
});

it('has a colour for every code that a row may have', () => {
  const colouring = colouringOf(category, 3, ['a', null, 'b']);
  const table = colourTable(colouring, DARK);
  for (const code of colouring.codes) expect([...table.subarray(3 * code, 3 * code + 3)]).toEqual([...colourOf(colouring, code, DARK)]);
  const plain = colouringOf(undefined, 2, undefined);
  expect([...colourTable(plain, DARK).subarray(0, 3)]).toEqual([...rgbOf(DARK.plain)]);
});
