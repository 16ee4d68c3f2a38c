/** `elanus check`: verifies everything, and with `--repair` saves what can be saved. */
import { checkDatabase, type CheckReport } from '../check/check.ts';
import type { Environment } from './environment.ts';
import { EXIT } from './exit-codes.ts';
import { bytes, plural } from './format.ts';
import { ProgressLine } from './progress.ts';
import { repair } from './repair.ts';
import { databaseUrl } from './url.ts';

export interface CheckOptions {
  readonly json?: boolean;
  readonly repair?: boolean;
  readonly to?: string;
  readonly inPlace?: boolean;
}

export async function check(database: string, options: CheckOptions, environment: Environment): Promise<number> {
  const href = databaseUrl(database);
  const report = await checkAll(href, environment);
  if (options.repair && report.isDamaged) return repair(href, report, options, environment);
  if (options.json) environment.print(JSON.stringify(report, null, 2));
  else for (const line of describe(report)) environment.print(line);
  return report.isDamaged ? EXIT.damaged : EXIT.ok;
}

async function checkAll(href: string, environment: Environment): Promise<CheckReport> {
  const store = await environment.openStore(href, { readOnly: true });
  const progress = new ProgressLine(environment);
  try {
    return await checkDatabase(store, await environment.loadKernels(), { onProgress: progress.report });
  } finally {
    progress.end();
    await store.close();
  }
}

export function* describe({ findings, isDamaged, files, logs, bytes: size, wasChanged }: CheckReport): Iterable<string> {
  for (const { severity, message, collection } of findings) yield `${severity}: ${collection === null ? '' : `${collection}: `}${message}`;
  if (wasChanged) yield 'notice: a writer changed the database all the while; check again when it is closed to be sure of what is said above';
  const read = `${plural(files, 'file')} and ${plural(logs, 'log')}, ${bytes(size)} read`;
  yield isDamaged ? `damaged (${read})` : `nothing is damaged (${read})`;
}
