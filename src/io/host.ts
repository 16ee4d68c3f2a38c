/** What of the place where it runs the room needs; entries give it. */
import type { ArrowModule } from '../arrow/table.ts';
import { ElanusError } from '../util/error.ts';
import { messageOf } from './place.ts';
import type { FileAccess } from '../platform/platform.ts';

export interface IoHost {
  /** The user's files by their paths. */
  readonly files?: FileAccess;
  /** Imports apache-arrow where it is found without the user's help. */
  readonly arrow?: () => Promise<unknown>;
}

export type { ArrowModule };

/** The user's copy of apache-arrow. NOT_SUPPORTED, with what to do, where there is none. */
export async function loadArrow(load: (() => Promise<unknown>) | undefined): Promise<ArrowModule> {
  const how = "files of Arrow need the package apache-arrow: `npm install apache-arrow`, and where it is not found by itself, as in a page, pass { arrow: () => import('apache-arrow') }";
  if (load === undefined) throw new ElanusError('NOT_SUPPORTED', how, { package: 'apache-arrow' });
  let module: unknown;
  try {
    module = await load();
  } catch (cause) {
    throw new ElanusError('NOT_SUPPORTED', `${how} (${messageOf(cause)})`, { package: 'apache-arrow' }, { cause });
  }
  if (typeof (module as Partial<ArrowModule> | null)?.RecordBatchReader !== 'function') throw new ElanusError('INVALID_ARGUMENT', `"arrow" expected to answer apache-arrow, got another module; ${how}`, { field: 'arrow' });
  return module as ArrowModule;
}
