/** Types of `draw.mjs`. */
import type { FamilyReport } from './report.d.mts';
import type { BarPanel, LinePanel } from './svg.d.mts';
export function panelOf(of: FamilyReport): LinePanel | BarPanel;
export function saveDrawings(results: FamilyReport[], name: string): void;
