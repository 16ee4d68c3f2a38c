/** Types of `families.mjs`. */
export interface Entry {
  id: string;
  make(context: { library: any; store: 'memory' | 'file' }): { settings(grid: Record<string, number[]>, k: number): unknown[] } | Promise<{ settings(grid: Record<string, number[]>, k: number): unknown[] }>;
  isOwn?: boolean;
  isExtra?: boolean;
  maxRows?: number;
  metrics?: string[];
}
export const FAMILIES: Record<string, { about: string; isExact: boolean; isFiltered?: boolean; entries: Entry[] }>;
