/** `elanus check --repair`: writes what can be saved to a new folder, and puts that in the place of the old one where asked. */
import type { CheckReport } from '../check/check.ts';
import { repairDatabase, type RepairReport } from '../check/repair.ts';
import type { Store } from '../storage/store.ts';
import { ElanusError } from '../util/error.ts';
import { describeCheck } from './check-report.ts';
import type { Environment } from './environment.ts';
import { EXIT } from './exit-codes.ts';
import { plural } from './format.ts';
import { ProgressLine } from './progress.ts';
import { databaseUrl } from './url.ts';

/** Keys that people are shown of each loss; machines get more. */
const KEYS_SHOWN = 20;

export interface RepairOptions {
  readonly json?: boolean;
  readonly to?: string;
  readonly inPlace?: boolean;
}

export async function repair(href: string, found: CheckReport, options: RepairOptions, environment: Environment): Promise<number> {
  const folder = environment.folderOf(href);
  if (folder === null) throw new ElanusError('NOT_SUPPORTED', `"${href}" expected to be a folder to be repaired`, {});
  if (options.inPlace && options.to !== undefined) throw new ElanusError('INVALID_ARGUMENT', '"--to" and "--in-place" expected one of both, got both');
  const target = options.to === undefined ? `file:${folder}.repaired` : databaseUrl(options.to);
  const targetFolder = environment.folderOf(target);
  if (targetFolder === null || targetFolder === folder) throw new ElanusError('INVALID_ARGUMENT', `"--to" expected another folder, got ${JSON.stringify(options.to)}`);

  const source = await environment.openStore(href, { readOnly: false });
  let kept: string | null = null;
  let report: RepairReport;
  try {
    // Nobody may write what is being saved.
    const lock = await source.lock();
    report = await writeTo(source, target, targetFolder, environment);
    if (options.inPlace) kept = await exchange(folder, targetFolder, environment);
    await lock.release();
  } finally {
    await source.close();
  }
  const place = options.inPlace ? folder : targetFolder;
  if (options.json) environment.print(JSON.stringify({ check: found, repaired: place, kept, ...report }, null, 2));
  else {
    for (const line of describeCheck(found)) environment.print(line);
    for (const line of describeRepair(report, place, kept)) environment.print(line);
  }
  return report.losses.length > 0 ? EXIT.damaged : EXIT.ok;
}

async function writeTo(source: Store, href: string, folder: string, environment: Environment): Promise<RepairReport> {
  const isNew = !(await environment.exists(folder));
  const target = await environment.openStore(href, { readOnly: false });
  const progress = new ProgressLine(environment);
  try {
    await target.lock();
    return await repairDatabase(source, target, await environment.loadKernels(), { onProgress: progress.report });
  } catch (error) {
    // Half a database is of use to nobody.
    if (isNew) await target.destroy().catch(() => {});
    throw error;
  } finally {
    progress.end();
    await target.close();
  }
}

/** The repaired folder takes the place of the damaged one, whose new name is answered. */
async function exchange(folder: string, repaired: string, environment: Environment): Promise<string> {
  let kept = `${folder}.damaged`;
  for (let i = 2; await environment.exists(kept); i++) kept = `${folder}.damaged-${i}`;
  await environment.move(folder, kept);
  await environment.move(repaired, folder);
  // Our own, which has moved along.
  await environment.removeFile(`${kept}/lock`);
  return kept;
}

function* describeRepair({ losses, notices, collections }: RepairReport, place: string, kept: string | null): Iterable<string> {
  yield '';
  for (const { of, file, message, keys } of losses) {
    yield `lost: ${of}: "${file}": ${message}`;
    if (keys.length > 0) yield `      keys ${keys.slice(0, KEYS_SHOWN).join(', ')}${keys.length > KEYS_SHOWN ? `, … (--json names ${keys.length})` : ''}`;
  }
  for (const notice of notices) yield `notice: ${notice}`;
  for (const { database, name, rows, segments, logs } of collections) {
    yield `saved: ${database === 'default' ? name : `${database}/${name}`}: ${plural(rows, 'live row')} in ${plural(segments, 'segment')}, and ${plural(logs, 'log')}`;
  }
  yield losses.length === 0 ? `repaired without a loss: ${place}` : `repaired as far as possible: ${place}`;
  if (kept !== null) yield `what was damaged is kept in ${kept}`;
}
