/** Files as a browser hands them over: dropped, chosen or pasted, folders with what is in them. */
import { DEPTH_MAX, FILES_MAX, PASTE_MAX } from './bounds.ts';
import type { SourceFile } from './table-reader.ts';

/** Endings that are read of a folder; whatever else lies in it is left out. */
const KNOWN = /\.(csv|tsv|tab|json|jsonl|ndjson|parquet|pq|arrow|arrows|feather|ipc|npy|txt|text|md|markdown|mdx)$/i;
const TEXTS = /\.(txt|text|md|markdown|mdx)$/i;

/** What an `<input type="file">` has. */
export function filesOfInput(list: FileList): SourceFile[] {
  return checked(Array.from(list, (file) => ({ name: file.webkitRelativePath || file.name, bytes: file })));
}

/** What was dropped or pasted. To be called at once: the browser takes its list away when the event is over. */
export async function filesOfTransfer(transfer: DataTransfer): Promise<SourceFile[]> {
  const entries = Array.from(transfer.items, (item) => (item.kind === 'file' ? item.webkitGetAsEntry() : null));
  const plain = Array.from(transfer.files, (file) => ({ name: file.name, bytes: file }));
  if (!entries.some((entry) => entry?.isDirectory)) return checked(plain);
  const found: SourceFile[] = [];
  for (const entry of entries) if (entry !== null) await walk(entry, 0, found);
  return checked(found);
}

/** A text that was pasted or typed, as the file that it would be. */
export function fileOfText(text: string): SourceFile {
  if (text.trim() === '') throw new Error('There is no text yet.');
  if (text.length > PASTE_MAX) throw new Error(`The text has ${text.length} characters; ${PASTE_MAX} can be pasted. Save it as a file, and drop that.`);
  const kind = kindOfText(text);
  return { name: `Pasted text.${kind}`, bytes: new Blob([text]) };
}

/** What a pasted text looks like. Prose has commas, too: a table has as many in every line. */
export function kindOfText(text: string): 'json' | 'jsonl' | 'csv' | 'tsv' | 'txt' {
  const start = text.trimStart();
  if (start.startsWith('[') && isJson(text)) return 'json';
  const lines = start.slice(0, 100_000).split(/\r?\n/).filter((line) => line.trim() !== '');
  if (start.startsWith('{')) return isJson(lines[0]) && lines.length > 1 ? 'jsonl' : isJson(text) ? 'json' : 'txt';
  const some = lines.slice(0, 6);
  if (some.length < 2) return 'txt';
  for (const [sign, kind] of [['\t', 'tsv'], [';', 'csv'], [',', 'csv']] as const) {
    // A sign within quotes parts nothing.
    const counts = some.map((line) => line.replace(/"[^"]*"/g, '').split(sign).length);
    if (counts[0] > 1 && counts.every((n) => n === counts[0])) return kind;
  }
  return 'txt';
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

/** Of several files those of one kind: the one that most of them have. Texts of any kind belong together. */
function checked(files: readonly SourceFile[]): SourceFile[] {
  if (files.length <= 1) return [...files];
  if (files.length > FILES_MAX) throw new Error(`The folder has ${files.length} files; this page takes ${FILES_MAX} at once.`);
  const byKind = new Map<string, SourceFile[]>();
  for (const file of files) {
    if (/(^|\/)\./.test(file.name) || !KNOWN.test(file.name)) continue;
    const kind = TEXTS.test(file.name) ? 'text' : file.name.split('.').at(-1)!.toLowerCase();
    byKind.set(kind, [...(byKind.get(kind) ?? []), file]);
  }
  const most = [...byKind.values()].sort((a, b) => b.length - a.length)[0];
  if (most === undefined) throw new Error('There is no file here that this page can read: CSV, TSV, JSON, JSONL, Parquet, Arrow, NumPy, text or Markdown.');
  return most.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function walk(entry: FileSystemEntry, depth: number, found: SourceFile[]): Promise<void> {
  if (depth > DEPTH_MAX) throw new Error(`The folder ${entry.fullPath} lies more than ${DEPTH_MAX} folders deep.`);
  if (entry.isFile) {
    if (found.length >= FILES_MAX) throw new Error(`The folder has more than ${FILES_MAX} files.`);
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ name: entry.fullPath.replace(/^\//, ''), bytes: file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader hands out some entries at a time.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, depth + 1, found);
  }
}
