/** Small statistics and tables shared by the benches. */

/** @param {ArrayLike<number>} values @param {number} q in [0, 1] */
export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return NaN;
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
}

/** @param {ArrayLike<number>} values */
export const median = (values) => quantile(values, 0.5);

/**
 * Milliseconds of processor time that this process has used, all its threads together. On an idle machine work on one
 * thread takes as long by this clock as by the one on the wall; on a busy one it is not charged for the others' turns.
 */
export function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The clock of that name, in milliseconds. @param {string} name */
export function clockOf(name) {
  if (name === 'cpu') return cpuMs;
  if (name === 'wall') return () => performance.now();
  throw new Error(`"clock" expected cpu or wall, got ${name}`);
}

/** Milliseconds that a call took. @param {() => unknown} run */
export async function timeMs(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/**
 * Calls `run` until `budgetMs` have gone by (at least `least` times) and answers each duration in milliseconds.
 * @param {() => unknown} run @param {{ budgetMs?: number, least?: number }} [options]
 */
export async function repeat(run, { budgetMs = 500, least = 5 } = {}) {
  const durations = [];
  for (const until = performance.now() + budgetMs; durations.length < least || performance.now() < until; ) durations.push(await timeMs(run));
  return durations;
}

/** Collects garbage if this process may, so that memory readings mean something. */
export async function settle() {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const gc = globalThis.gc ?? runInNewContext('gc');
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Resident bytes of this process once garbage is gone. */
export async function residentBytes() {
  await settle();
  return process.memoryUsage.rss();
}

/** @param {number} n */
export function number(n) {
  if (!Number.isFinite(n)) return '-';
  const size = Math.abs(n);
  if (size >= 1000) return Math.round(n).toLocaleString('en');
  return size >= 100 ? n.toFixed(0) : size >= 10 ? n.toFixed(1) : size >= 1 ? n.toFixed(2) : n.toFixed(3);
}

/** @param {number | null} n */
export const ratio = (n) => (n === null || !Number.isFinite(n) ? '-' : `${n.toFixed(2)} x`);
/** @param {number} n */
export const megabytes = (n) => (Number.isFinite(n) ? `${(n / 1048576).toFixed(1)} MiB` : '-');

/**
 * A Markdown table with aligned columns, so that output can be pasted into a document.
 * @param {string[]} head @param {(string | number)[][]} rows
 */
export function table(head, rows) {
  const cells = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, c) => Math.max(3, ...cells.map((row) => row[c].length)));
  const isText = head.map((_, c) => c === 0);
  const line = (/** @type {string[]} */ row) => `| ${row.map((cell, c) => (isText[c] ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join(' | ')} |`;
  const rule = `|${widths.map((w, c) => (isText[c] ? `${'-'.repeat(w + 2)}` : `${'-'.repeat(w + 1)}:`)).join('|')}|`;
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n');
}
