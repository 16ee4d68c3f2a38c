/** Numbers as people read them; English, like the page. */

const whole = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', { notation: 'compact', minimumSignificantDigits: 3, maximumSignificantDigits: 3 });

export const formatCount = (value: number): string => whole.format(value);
export const formatCompact = (value: number): string => compact.format(value);

/** Two to three digits: 0.42 ms, 7.3 ms, 128 ms, 2.4 s. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 100) return `${Math.round(ms)} ms`;
  return ms >= 10 ? `${ms.toFixed(0)} ms` : ms >= 1 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(2)} ms`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Recall is never rounded up to 100 %. */
export function formatShare(share: number): string {
  const percent = share * 100;
  return `${share === 1 || Number.isInteger(percent) ? percent : Math.min(99.9, percent).toFixed(1)} %`;
}

/** A similarity with three decimals, a distance with as many digits as matter. */
export const formatScore = (score: number): string => (Math.abs(score) < 10 ? score.toFixed(3) : compact.format(score));
