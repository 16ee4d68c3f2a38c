/** What a check found, in lines. */
import type { CheckReport } from '../check/check.ts';
import { bytes, plural } from './format.ts';

export function* describeCheck({ findings, isDamaged, files, logs, bytes: size, wasChanged }: CheckReport): Iterable<string> {
  for (const { severity, message, collection } of findings) yield `${severity}: ${collection === null ? '' : `${collection}: `}${message}`;
  if (wasChanged) yield 'notice: a writer changed the database all the while; check again when it is closed to be sure of what is said above';
  const read = `${plural(files, 'file')} and ${plural(logs, 'log')}, ${bytes(size)} read`;
  yield isDamaged ? `damaged (${read})` : `nothing is damaged (${read})`;
}
