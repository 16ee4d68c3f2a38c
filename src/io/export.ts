/** `collection.export`: all rows that match, of one moment, page by page into a file. */
import type { ExportFormat, ExportOptions, ExportResult } from '../api/io.ts';
import type { Collection } from '../api/collection.ts';
import { Moment } from '../api/moment.ts';
import { checkOptions, contextOf, filterOption, namesOption, refuseMissingChunk, wordOption } from '../api/options.ts';
import { columnPages } from '../api/query-iterator.ts';
import { queryFilter } from '../api/query.ts';
import { SCOPE } from '../api/scope.ts';
import type { ColumnBatch } from '../schema/column.ts';
import type { SchemaPlan } from '../schema/plan.ts';
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import type { Field } from '../schema/types.ts';
import { isVectorType } from '../schema/vector-types/kinds.ts';
import { formatByName } from './format.ts';
import { loadArrow, type IoHost } from './host.ts';
import { openSink, type Sink } from './sink.ts';
import { csvWriter, jsonWriter } from './write-text.ts';

export interface ExportedField extends Pick<Field, 'fieldId' | 'name' | 'type' | 'nullable' | 'dim' | 'elementType' | 'isDynamic'> {}

/** Writes pages of rows in one format. */
export interface FormatWriter {
  /** Columns in the order of the fields. */
  page(batch: ColumnBatch): Promise<void>;
  end(): Promise<void>;
}

export interface WriterSetup {
  readonly plan: SchemaPlan;
  readonly fields: readonly ExportedField[];
  readonly sink: Sink;
  /** Of all pages. */
  readonly rows: number;
}

const FORMATS: readonly ExportFormat[] = ['csv', 'tsv', 'json', 'jsonl', 'parquet', 'arrow', 'arrow-file', 'numpy'];
const OPTIONS: ReadonlySet<string> = new Set(['format', 'filter', 'filterParams', 'outputFields', 'partitions', 'arrow', 'signal', 'onProgress']);
const MEDIA_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv', tsv: 'text/tab-separated-values', json: 'application/json', jsonl: 'application/jsonl', parquet: 'application/vnd.apache.parquet', arrow: 'application/vnd.apache.arrow.stream', 'arrow-file': 'application/vnd.apache.arrow.file', numpy: 'application/octet-stream',
};
/** Rows and bytes of the vectors of a page. */
const PAGE_ROWS = 4_096;
const PAGE_BYTES = 8 << 20;

export async function exportFrom(host: IoHost, collection: Collection<any>, to: unknown, given: ExportOptions | undefined): Promise<ExportResult> {
  // The target may be left out.
  const isLeftOut = given === undefined && isRecord(to) && !('getWriter' in to);
  const target = isLeftOut ? undefined : to;
  const options = (isLeftOut ? to : given) as ExportOptions | undefined;
  checkOptions(options, 'export', OPTIONS);
  const { arrow, onProgress, signal }: ExportOptions = options ?? {};
  const context = contextOf(signal, onProgress);
  const format = wordOption('format', options?.format, FORMATS) ?? formatOfTarget(target);
  if (arrow !== undefined && typeof arrow !== 'function') refuse('arrow', NO_ROW, "a function that imports apache-arrow, such as () => import('apache-arrow')", show(arrow));
  const filter = queryFilter({ filter: options?.filter, filterParams: options?.filterParams });
  filterOption(options?.filter, options?.filterParams);
  const partitions = namesOption('partitions', options?.partitions);
  const scope = collection[SCOPE];
  const { collectionId, plan } = scope;
  const fields = exportedFields(plan, options?.outputFields, format);

  const moment = await Moment.hold(scope, undefined);
  let sink: Sink | undefined;
  try {
    const total = await scope.engine.count({ collectionId, filter, partitions, at: moment.at }, signal === undefined ? undefined : { signal });
    sink = await openSink(target, MEDIA_TYPES[format], host.files, signal);
    const writer = await openWriter(host, format, { plan, fields, sink, rows: total }, arrow);
    context?.onProgress?.({ phase: 'export', done: 0, total });
    let count = 0;
    const outputFields = fields.map(({ name }) => name);
    const batchSize = pageRows(fields);
    for await (const batch of columnPages(scope, { filter: options?.filter, filterParams: options?.filterParams, outputFields, batchSize, partitions: options?.partitions, at: moment.at, signal })) {
      await moment.renew();
      // The key comes with every page, asked for or not.
      await writer.page({ rows: batch.rows, columns: fields.map(({ fieldId }) => batch.columns.find((column) => column.fieldId === fieldId)!) });
      count += batch.rows;
      context?.onProgress?.({ phase: 'export', done: count, total });
    }
    await writer.end();
    const blob = await sink.close();
    return { count, bytes: sink.bytes, format, ...(blob === undefined ? {} : { blob }) };
  } catch (error) {
    await sink?.abort(error);
    throw error;
  } finally {
    moment.release();
  }
}

function formatOfTarget(target: unknown): ExportFormat {
  const format = typeof target === 'string' ? formatByName(target) : undefined;
  if (format === undefined || format === 'text') refuse('format', NO_ROW, `one of ${FORMATS.join(', ')}, or a path that ends in one`, show(target));
  // Files that are kept have an end where the batches are listed.
  return format === 'arrow' && !/\.arrows$/i.test(target as string) ? 'arrow-file' : format;
}

/** In the order of the schema. */
function exportedFields(plan: SchemaPlan, names: unknown, format: ExportFormat): ExportedField[] {
  const all = plan.schema.fields;
  const list = namesOption('outputFields', names);
  for (const name of list ?? []) if (name !== '*' && !all.some((field) => field.name === name)) refuse('outputFields', NO_ROW, `fields of the schema (${all.map((field) => field.name).join(', ')}) or '*'`, show(name));
  if (format === 'numpy') {
    const asked = all.filter((field) => isVectorType(field.type) && (list === undefined || list.includes('*') || list.includes(field.name)));
    const [field] = asked;
    if (asked.length !== 1 || (list ?? []).some((name) => name !== '*' && name !== field.name) || field.type === 'SparseFloatVector') {
      refuse('outputFields', NO_ROW, 'one dense or binary vector field, which is what a NumPy file holds', list === undefined ? 'all fields' : list.join(', '));
    }
    return asked;
  }
  return all.filter((field) => field.primaryKey || list === undefined || list.includes('*') || list.includes(field.name));
}

/** So many that their vectors take a few MiB. */
function pageRows(fields: readonly ExportedField[]): number {
  const bytes = fields.reduce((sum, { dim = 0 }) => sum + 4 * dim, 64);
  return Math.max(1, Math.min(PAGE_ROWS, Math.floor(PAGE_BYTES / bytes)));
}

async function openWriter(host: IoHost, format: ExportFormat, setup: WriterSetup, arrow: ExportOptions['arrow']): Promise<FormatWriter> {
  switch (format) {
    case 'csv':
      return csvWriter(setup, ',');
    case 'tsv':
      return csvWriter(setup, '\t');
    case 'json':
      return jsonWriter(setup, true);
    case 'jsonl':
      return jsonWriter(setup, false);
    case 'parquet':
      return (await import('./write-parquet.ts').catch(refuseMissingChunk)).parquetWriter(setup);
    case 'numpy':
      return (await import('./write-npy.ts').catch(refuseMissingChunk)).npyWriter(setup);
    default: {
      const module = await loadArrow(arrow ?? host.arrow);
      return (await import('./write-arrow.ts').catch(refuseMissingChunk)).arrowWriter(module, setup, format === 'arrow-file');
    }
  }
}
