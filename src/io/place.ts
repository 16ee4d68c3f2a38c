/** Where in a source something is, and the refusal that says so. */
import { show } from '../schema/refuse.ts';
import { ElanusError, isElanusError, type ErrorCode } from '../util/error.ts';

export interface Place {
  /** The file, by its name. */
  readonly file?: string;
  /** Of the file, from 0; a header is none. */
  readonly row?: number;
  /** Of a text file, from 1. */
  readonly line?: number;
  readonly column?: string;
  readonly field?: string;
}

/** Throws: `data.csv, row 3 (line 5), column "price": expected a number, got "x"`. */
export function refuseAt(place: Place, expected: string, got: string, code: ErrorCode = 'INVALID_ARGUMENT', cause?: unknown): never {
  throw new ElanusError(code, `${words(place)}: expected ${expected}, got ${got}`, { ...place, expected, got }, cause === undefined ? undefined : { cause });
}

export function words({ column, field, file, line, row }: Place): string {
  const number = row === undefined ? (line === undefined ? undefined : `line ${line}`) : `row ${row}${line === undefined ? '' : ` (line ${line})`}`;
  const where = [file === undefined ? undefined : short(file), number].filter((part) => part !== undefined).join(', ');
  const what = [column === undefined ? undefined : `column ${show(column)}`, field === undefined || field === column ? undefined : `field ${show(field)}`].filter((part) => part !== undefined);
  return [where, ...what].filter((part) => part !== '').join(', ') || 'the source';
}

const short = (file: string): string => (file.length > 120 ? `...${file.slice(-120)}` : file);

/** Does work of a library that knows neither our errors nor hostile files: whatever it throws is a refusal of the file. */
export async function guarded<T>(place: Place, expected: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isElanusError(error)) throw error;
    refuseAt(place, expected, messageOf(error), 'INVALID_ARGUMENT', error);
  }
}

/** The first line of an error's message, not too long. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
