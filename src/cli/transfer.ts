/** `elanus import` and `elanus export`: the calls of a collection of the same names, of one database that is opened for them. */
import type { ExportFormat, ImportFormat } from '../api/io.ts';
import { ElanusError, isElanusError } from '../util/error.ts';
import type { Environment } from './environment.ts';
import { bytes } from './format.ts';
import { encryptionKeyIn } from './key-file.ts';
import { ProgressLine } from './progress.ts';
import { databaseUrl } from './url.ts';

export interface ImportCommandOptions {
  readonly format?: string;
  /** `field=column,…` */
  readonly fields?: string;
  readonly skipRows?: string;
  readonly upsert?: boolean;
  readonly create?: boolean;
  readonly keyFile?: string;
}

export interface ExportCommandOptions {
  readonly format?: string;
  readonly filter?: string;
  /** `field,…` */
  readonly outputFields?: string;
  readonly keyFile?: string;
}

export async function importFiles(database: string, collection: string, files: readonly string[], options: ImportCommandOptions, environment: Environment): Promise<void> {
  const { connect, inferSchema, openTable } = await environment.library();
  const url = databaseUrl(database);
  const folder = environment.folderOf(url);
  // Opening would make one.
  if (!options.create && folder !== null && !(await environment.exists(folder))) throw new ElanusError('NOT_FOUND', `"${database}": there is no such database ("--create" makes one)`, { url });
  const source = files.length === 1 ? files[0] : files;
  const format = options.format as ImportFormat | undefined;
  const db = await connect(url, { encryptionKey: await encryptionKeyIn(environment, options.keyFile) });
  const line = new ProgressLine(environment);
  try {
    let fields = fieldsOf(options.fields);
    if (options.create && !(await db.hasCollection(collection))) {
      const inferred = inferSchema(await openTable(source, { format }));
      await db.createCollection(collection, inferred.schema);
      fields ??= inferred.fields;
    }
    const docs = await db.collection(collection);
    const { count, format: read } = await docs.import(source, { format, fields, upsert: options.upsert, skipRows: skipRowsOf(options.skipRows), onProgress: line.report });
    await docs.flush();
    line.end();
    environment.print(`${count} rows of ${read} into ${collection}`);
  } catch (error) {
    line.end();
    if (isElanusError(error) && Number(error.detail['count']) > 0) environment.warn(`${String(error.detail['count'])} rows are written: go on with --skip-rows ${String(error.detail['count'])}`);
    throw error;
  } finally {
    await db.close();
  }
}

export async function exportFile(database: string, collection: string, file: string, options: ExportCommandOptions, environment: Environment): Promise<void> {
  const { connect } = await environment.library();
  const db = await connect(databaseUrl(database), { readOnly: true, encryptionKey: await encryptionKeyIn(environment, options.keyFile) });
  try {
    const docs = await db.collection(collection);
    const { bytes: length, count } = await docs.export(file, { format: options.format as ExportFormat | undefined, filter: options.filter, outputFields: options.outputFields?.split(',').map((name) => name.trim()) });
    environment.print(`${count} rows, ${bytes(length)}, into ${file}`);
  } finally {
    await db.close();
  }
}

function fieldsOf(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined;
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new ElanusError('INVALID_ARGUMENT', `"--fields" expected field=column,..., got ${JSON.stringify(pair)}`);
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}

function skipRowsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new ElanusError('INVALID_ARGUMENT', `"--skip-rows" expected a number of rows, got ${JSON.stringify(text)}`);
  return Number(text);
}
