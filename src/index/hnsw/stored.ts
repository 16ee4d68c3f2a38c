/**
 * The sections of a graph as they are stored, checked before anything is done with them: `graph` six u32 (rows, M, entry, top level,
 * slots above the base, 0); `levels` u8, shape (rows); `links` u32, shape (rows, 2M); `upper-links` u32, shape (slots, M).
 */
import { NO_ROW } from '../../kernels/abi.ts';
import { takeSection } from '../../quant/sections.ts';
import { ElanusError } from '../../util/error.ts';
import type { IndexSection } from '../index.ts';
import { LEVEL_MAX } from './levels.ts';

const NONE = NO_ROW >>> 0;
const HEADER_BYTES = 24;

export const GRAPH_SECTIONS = ['graph', 'levels', 'links', 'upper-links'] as const;

export interface StoredGraph {
  readonly entry: number;
  readonly topLevel: number;
  readonly slots: number;
  readonly levels: Uint8Array;
  readonly links: Uint32Array;
  readonly upperLinks: Uint32Array;
}

/** CORRUPT when a length does not fit or a link leads out of the graph. */
export function openGraph(sections: ReadonlyMap<string, Uint8Array>, rows: number, m: number): StoredGraph {
  const header = takeSection(sections, 'graph', HEADER_BYTES);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const [storedRows, storedM, entry, topLevel, storedSlots] = [0, 4, 8, 12, 16].map((at) => view.getUint32(at, true));
  if (storedRows !== rows || storedM !== m) throw corrupt('graph', `${rows} rows and M ${m}`, `${storedRows} and ${storedM}`);
  const levels = takeSection(sections, 'levels', rows);
  let slots = 0, highest = 0;
  for (let row = 0; row < rows; row++) {
    slots += levels[row];
    if (levels[row] > highest) highest = levels[row];
  }
  if (highest > LEVEL_MAX || topLevel !== highest || slots !== storedSlots) throw corrupt('levels', `top level ${topLevel} and ${storedSlots} slots`, `${highest} and ${slots}`);
  if (rows === 0 ? entry !== NONE : entry >= rows || levels[entry] !== topLevel) throw corrupt('graph', 'an entry row of the top level', String(entry));
  const links = wordsOf(takeSection(sections, 'links', rows * m * 8));
  const upperLinks = wordsOf(takeSection(sections, 'upper-links', slots * m * 4));
  checkRows(links, rows);
  checkUpper(upperLinks, levels, m);
  return { entry, topLevel, slots, levels, links, upperLinks };
}

/** Every target is a row that reaches up to the level of the list. */
function checkUpper(upperLinks: Uint32Array, levels: Uint8Array, m: number): void {
  const upper = signed(upperLinks);
  const rows = levels.length;
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let level = 1; level <= levels[row]; level++) {
      for (const end = at + m; at < end; at++) {
        const target = upper[at];
        if (target !== -1 && (target < 0 || target >= rows || levels[target] < level)) throw corrupt('upper-links', `rows of level ${level} or above`, String(target >>> 0));
      }
    }
  }
}

export function graphSections({ entry, topLevel, slots, levels, links, upperLinks }: StoredGraph, m: number): IndexSection[] {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  [levels.length, m, entry, topLevel, slots, 0].forEach((value, i) => header.setUint32(i * 4, value, true));
  return [
    { name: 'graph', bytes: new Uint8Array(header.buffer) },
    { name: 'levels', bytes: levels.slice() },
    { name: 'links', bytes: new Uint8Array(links.slice().buffer) },
    { name: 'upper-links', bytes: new Uint8Array(upperLinks.slice().buffer) },
  ];
}

/** CORRUPT when a base link is no row. */
export function checkRows(links: Uint32Array, rows: number): void {
  // As signed numbers, where NONE is -1: as unsigned ones it would be a number on the heap until the loop is compiled.
  const base = signed(links);
  for (let i = 0; i < base.length; i++) if (base[i] >= rows || base[i] < -1) throw corrupt('links', `rows below ${rows}`, String(base[i] >>> 0));
}

/** The bytes as u32, in place where they are aligned. */
const wordsOf = (bytes: Uint8Array): Uint32Array => {
  const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(buffer, byteOffset, bytes.byteLength / 4);
};

const signed = (links: Uint32Array): Int32Array => new Int32Array(links.buffer, links.byteOffset, links.length);

export function corrupt(section: string, expected: string, got: string): ElanusError {
  return new ElanusError('CORRUPT', `"${section}" expected ${expected}, got ${got}`, { section, expected, got });
}
