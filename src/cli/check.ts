/** `elanus check`: verifies everything, and with `--repair` saves what can be saved. */
import { checkDatabase, type CheckReport } from '../check/check.ts';
import { describeCheck } from './check-report.ts';
import type { Environment } from './environment.ts';
import { EXIT } from './exit-codes.ts';
import { ProgressLine } from './progress.ts';
import { repair, type RepairOptions } from './repair.ts';
import { databaseUrl } from './url.ts';

export interface CheckOptions extends RepairOptions {
  readonly repair?: boolean;
}

export async function check(database: string, options: CheckOptions, environment: Environment): Promise<number> {
  const href = databaseUrl(database);
  const report = await checkAll(href, environment);
  if (options.repair && report.isDamaged) return repair(href, report, options, environment);
  if (options.json) environment.print(JSON.stringify(report, null, 2));
  else for (const line of describeCheck(report)) environment.print(line);
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
