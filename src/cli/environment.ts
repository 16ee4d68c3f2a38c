/** What the commands need of the world, so that they can be run in a test as well. */
import type { Connect } from '../api/connect.ts';
import type { inferSchema } from '../io/infer-schema.ts';
import type { Io } from '../io/make.ts';
import type { KernelModule } from '../kernels/load.ts';
import type { Store } from '../storage/store.ts';

export interface Environment {
  /** `href` is a connection string. */
  openStore(href: string, options: { readonly readOnly: boolean }): Promise<Store>;
  /** The folder that a connection string names; null where it names none. */
  folderOf(href: string): string | null;
  readFile(path: string): Promise<Uint8Array>;
  exists(path: string): Promise<boolean>;
  /** Renames a folder. */
  move(from: string, to: string): Promise<void>;
  /** Removes a file; no error when it does not exist. */
  removeFile(path: string): Promise<void>;
  loadKernels(): Promise<KernelModule>;
  /** The library as users have it: for the commands that open a database. */
  library(): Promise<{ readonly connect: Connect; readonly openTable: Io['openTable']; readonly inferSchema: typeof inferSchema }>;
  /** A line of the answer. */
  print(line: string): void;
  /** A line of progress or trouble. */
  warn(line: string): void;
  /** Rewrites one line of the terminal; null where there is none to rewrite. */
  readonly status: ((text: string) => void) | null;
  readonly version: string;
}
