/** Types of `tables.mjs`. */
import type { FamilyReport } from './report.d.mts';
export const RECALLS: number[];
export const FILTERED_RECALL: number;
export function titleOf(of: FamilyReport): string;
export function pointTable(of: FamilyReport): string;
export function speedTable(of: FamilyReport): string;
export function buildTable(of: FamilyReport): string;
export function skippedLines(of: FamilyReport): string[];
export function merged(runs: { results: FamilyReport[] }[]): FamilyReport[];
export function summaryTable(results: FamilyReport[]): string;
