/** The command line: which commands there are and what they are told. */
import { Command, CommanderError } from 'commander';
import { ElanusError, isElanusError } from '../util/error.ts';
import { check, type CheckOptions } from './check.ts';
import type { Environment } from './environment.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { inspect } from './inspect.ts';
import { withKey } from './key-file.ts';
import { exportFile, importFiles, type ExportCommandOptions, type ImportCommandOptions } from './transfer.ts';

const DATABASE = 'a connection string (file:./data, local:NAME) or a folder';
const KEY_FILE = 'for an encrypted database: holds its key, 32 bytes or 64 hexadecimal digits';

/** Runs a command and answers the exit code. */
export async function run(args: readonly string[], environment: Environment): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command('elanus')
    .description('Looks after databases of Elanus.')
    .version(environment.version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => environment.print(text.trimEnd()), writeErr: (text) => environment.warn(text.trimEnd()) });

  program
    .command('inspect')
    .description('prints what a database holds; changes nothing, also beside a running writer')
    .argument('<database>', DATABASE)
    .option('--json', 'prints JSON')
    .option('--key-file <file>', KEY_FILE)
    .action(async (database: string, options: { json?: boolean; keyFile?: string }) => {
      exitCode = await inspect(database, options, await withKey(environment, options.keyFile));
    });

  program
    .command('check')
    .description('verifies every checksum and every invariant; exit code 1 when something is damaged')
    .argument('<database>', DATABASE)
    .option('--json', 'prints JSON')
    .option('--key-file <file>', KEY_FILE)
    .option('--repair', 'where something is damaged, writes what can be saved to <folder>.repaired; exit code 1 when something is lost')
    .option('--to <folder>', 'with --repair: writes there')
    .option('--in-place', 'with --repair: puts the result in the place of the database, which is kept as <folder>.damaged')
    .action(async (database: string, options: CheckOptions & { readonly keyFile?: string }) => {
      if (!options.repair && (options.to !== undefined || options.inPlace)) throw new ElanusError('INVALID_ARGUMENT', '"--to" and "--in-place" expected "--repair" beside them');
      exitCode = await check(database, options, await withKey(environment, options.keyFile));
    });

  program
    .command('import')
    .description('writes the rows of a file into a collection: CSV, TSV, JSON, JSONL, Parquet, Arrow, NumPy, a folder of text')
    .argument('<database>', DATABASE)
    .argument('<collection>', 'its name')
    .argument('<file...>', 'a file, several of one format, or a folder')
    .option('--format <format>', 'csv, tsv, json, jsonl, parquet, arrow, numpy or text; default: by the name')
    .option('--fields <pairs>', 'field=column,...: which column each field is made of')
    .option('--create', 'makes the collection, and the database, where there is none, with a schema that fits the file')
    .option('--upsert', 'keeps the keys that rows come with where the database counts them')
    .option('--skip-rows <rows>', 'leaves out so many rows at the front, which an import that failed had written')
    .option('--key-file <file>', KEY_FILE)
    .action(async (database: string, collection: string, files: string[], options: ImportCommandOptions) => {
      await importFiles(database, collection, files, options, environment);
    });

  program
    .command('export')
    .description('writes a collection to a file, which import reads back the same; also beside a running writer')
    .argument('<database>', DATABASE)
    .argument('<collection>', 'its name')
    .argument('<file>', 'where to')
    .option('--format <format>', 'csv, tsv, json, jsonl, parquet, arrow, arrow-file or numpy; default: by the name')
    .option('--filter <expression>', 'only rows that match')
    .option('--output-fields <names>', 'field,...: only these, and the key; default: all')
    .option('--key-file <file>', KEY_FILE)
    .action(async (database: string, collection: string, file: string, options: ExportCommandOptions) => {
      await exportFile(database, collection, file, options, environment);
    });

  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    environment.warn(isElanusError(error) ? `elanus: ${error.code}: ${error.message}` : `elanus: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return exitCodeOf(error);
  }
}
