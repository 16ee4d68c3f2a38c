/** `elanus check`: verifies everything, and repairs where asked. */
import { checkDatabase, type CheckReport } from '../check/check.ts';
import type { Environment } from './environment.ts';
import { EXIT } from './exit-codes.ts';
import { bytes, plural } from './format.ts';
import { ProgressLine } from './progress.ts';
import { databaseUrl } from './url.ts';

export async function check(database: string, options: { readonly json?: boolean }, environment: Environment): Promise<number> {
  const store = await environment.openStore(databaseUrl(database), { readOnly: true });
  const progress = new ProgressLine(environment);
  try {
    const report = await checkDatabase(store, await environment.loadKernels(), { onProgress: progress.report });
    progress.end();
    if (options.json) environment.print(JSON.stringify(report, null, 2));
    else for (const line of describe(report)) environment.print(line);
    return report.isDamaged ? EXIT.damaged : EXIT.ok;
  } finally {
    progress.end();
    await store.close();
  }
}

export function* describe({ findings, isDamaged, files, logs, bytes: size, wasChanged }: CheckReport): Iterable<string> {
  for (const { severity, message, collection } of findings) yield `${severity}: ${collection === null ? '' : `${collection}: `}${message}`;
  if (wasChanged) yield 'notice: a writer changed the database all the while; check again when it is closed to be sure of what is said above';
  const read = `${plural(files, 'file')} and ${plural(logs, 'log')}, ${bytes(size)} read`;
  yield isDamaged ? `damaged (${read}). What can be saved: elanus check --repair` : `nothing is damaged (${read})`;
}
