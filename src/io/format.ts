/** Which format a file has: by its name's ending, then by its first bytes. */
import type { ImportFormat } from '../api/io.ts';
import { refuseAt } from './place.ts';
import type { ByteSource } from './source.ts';

const BY_ENDING: Readonly<Record<string, ImportFormat>> = {
  csv: 'csv', tsv: 'tsv', tab: 'tsv', json: 'json', jsonl: 'jsonl', ndjson: 'jsonl', parquet: 'parquet', pq: 'parquet', arrow: 'arrow', arrows: 'arrow', feather: 'arrow', ipc: 'arrow', npy: 'numpy', txt: 'text', text: 'text', md: 'text', markdown: 'text', mdx: 'text',
};
export const IMPORT_FORMATS: readonly ImportFormat[] = ['csv', 'tsv', 'json', 'jsonl', 'parquet', 'arrow', 'numpy', 'text'];
const HEAD_BYTES = 4096;

/** By the ending alone; undefined where it says nothing. */
export function formatByName(name: string): ImportFormat | undefined {
  const ending = /\.([A-Za-z]+)$/.exec(name)?.[1].toLowerCase();
  return ending !== undefined && Object.hasOwn(BY_ENDING, ending) ? BY_ENDING[ending] : undefined;
}

/** INVALID_ARGUMENT where neither says it, and where the bytes are those of another binary format than the name has. */
export async function formatOf(source: ByteSource): Promise<ImportFormat> {
  const { name } = source;
  const byName = formatByName(name);
  const head = await source.read(0, Math.min(source.size, HEAD_BYTES));
  const byBytes = formatByBytes(head);
  if (byBytes !== undefined && byBytes !== byName) {
    if (byName !== undefined && BINARY.has(byName)) refuseAt({ file: name }, `the first bytes of ${LONG_NAMES[byName]}`, `those of ${LONG_NAMES[byBytes]}`);
    return byBytes;
  }
  if (byName !== undefined) return byName;
  if (source.size === 0) refuseAt({ file: name }, 'a file with something in it', 'an empty one');
  const other = OTHERS.find(({ magic }) => magic.every((byte, i) => head[i] === byte));
  if (other) refuseAt({ file: name }, `one of ${IMPORT_FORMATS.join(', ')}`, other.what, 'NOT_SUPPORTED');
  return formatOfText(name, head);
}

const BINARY: ReadonlySet<ImportFormat> = new Set(['parquet', 'arrow', 'numpy']);
const LONG_NAMES: Readonly<Record<ImportFormat, string>> = { csv: 'CSV', tsv: 'TSV', json: 'JSON', jsonl: 'JSONL', parquet: 'Parquet', arrow: 'Arrow IPC', numpy: 'NumPy (.npy)', text: 'text' };

const OTHERS = [
  { magic: [0x50, 0x4b, 3, 4], what: 'a zip archive (of .npz or .xlsx, say): unpack it, or save it as CSV, first' },
  { magic: [0x1f, 0x8b], what: 'a file that is packed by gzip: unpack it first' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], what: 'a file that is packed by zstd: unpack it first' },
  { magic: [0x89, 0x48, 0x44, 0x46], what: 'HDF5' },
  { magic: [0x25, 0x50, 0x44, 0x46], what: 'PDF' },
];

const startsWith = (bytes: Uint8Array, text: string): boolean => text.length <= bytes.length && Array.from(text).every((char, i) => bytes[i] === char.charCodeAt(0));

function formatByBytes(head: Uint8Array): ImportFormat | undefined {
  if (startsWith(head, 'PAR1')) return 'parquet';
  if (startsWith(head, 'ARROW1')) return 'arrow';
  if (startsWith(head, '\u0093NUMPY')) return 'numpy';
  // The IPC stream has no magic number but the mark of its first message, whose length follows.
  return head.length >= 8 && head[0] === 0xff && head[1] === 0xff && head[2] === 0xff && head[3] === 0xff ? 'arrow' : undefined;
}

function formatOfText(name: string, head: Uint8Array): ImportFormat {
  const text = new TextDecoder().decode(head).trimStart();
  if (text.includes('\0')) refuseAt({ file: name }, `one of ${IMPORT_FORMATS.join(', ')}, by its name or its first bytes`, 'bytes that are none of them: name the format');
  if (text.startsWith('[')) return 'json';
  if (text.startsWith('{')) return isObjectOfColumns(text) ? 'json' : 'jsonl';
  if (/^[^\n]*[,\t;|][^\n]*\n/.test(text)) return 'csv';
  refuseAt({ file: name }, `one of ${IMPORT_FORMATS.join(', ')}, by its name or its first bytes`, 'text that may be anything: name the format');
}

/** True for what begins like an object of columns or `{ "rows": [`, false for rows, each on a line. */
function isObjectOfColumns(text: string): boolean {
  const end = text.indexOf('\n');
  try {
    const first = JSON.parse(end < 0 ? text : text.slice(0, end)) as Record<string, unknown>;
    return (end < 0 || text.slice(end).trim() === '') && Object.values(first).every(Array.isArray);
  } catch {
    // The first line does not end, or is a part of the object.
    return end >= 0 || /^\{\s*"rows"\s*:\s*\[\s*\{/.test(text);
  }
}
