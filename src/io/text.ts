/**
 * Plain text and Markdown: a row a file, or a row a passage. A passage is one or more paragraphs under one heading, as many as fit the length that was asked for; a paragraph that is longer
 * is cut behind a sentence, a word, or where it must be.
 */
import { refuseAt } from './place.ts';
import type { RawBatch, RawOptions, Reader } from './reader.ts';
import { wholeText, type ByteSource } from './source.ts';

/** Of one file. */
const TEXT_BYTES_MAX = 64 << 20;
const TITLE_CHARS_MAX = 500;
const COLUMNS: Readonly<Record<'passage' | 'file', readonly string[]>> = { passage: ['path', 'title', 'heading', 'passage', 'text'], file: ['path', 'title', 'text'] };

export function openText(sources: readonly ByteSource[], split: 'passage' | 'file', passageLength: number): Reader {
  const columns = COLUMNS[split];
  return {
    format: 'text',
    file: sources.length === 1 ? sources[0].name : `${sources[0].name} and ${sources.length - 1} more`,
    bytes: sources.reduce((sum, { size }) => sum + size, 0),
    rows: split === 'file' ? sources.length : undefined,
    columns,
    isText: false,
    typeOf: (column) => ({ type: column === 'passage' ? 'Int64' : 'VarChar' }),
    async *batches({ batchRows, columns: wanted, signal }: RawOptions) {
      let rows: unknown[][] = [];
      let bytes = 0;
      const take = (count: number): RawBatch => {
        const taken = rows.slice(0, count);
        rows = rows.slice(count);
        const kept = columns.map((name, i) => [name, taken.map((row) => row[i])] as const).filter(([name]) => wanted === undefined || wanted.has(name));
        return { rows: taken.length, columns: new Map(kept), bytes };
      };
      for (const source of sources) {
        const text = (await wholeText(source, TEXT_BYTES_MAX, 'split it', signal)).replace(/\r\n?/g, '\n');
        const isMarkdown = /\.(md|markdown|mdx)$/i.test(source.name);
        const title = titleOf(text, source.name, isMarkdown);
        if (split === 'file') rows.push([source.name, title, text]);
        else passages(text, isMarkdown, passageLength).forEach((passage, i) => rows.push([source.name, title, passage.heading, i, passage.text]));
        bytes += source.size;
        while (rows.length >= batchRows) yield take(batchRows);
      }
      if (rows.length > 0) yield take(rows.length);
    },
  };
}

/** The first heading of Markdown, the first line of a text that is short enough, or the name of the file. */
function titleOf(text: string, name: string, isMarkdown: boolean): string {
  const stem = name.slice(name.lastIndexOf('/') + 1).replace(/\.[^.]+$/, '') || name;
  if (isMarkdown) return (sections(text, true).find(({ heading }) => heading !== '')?.heading ?? stem).slice(0, TITLE_CHARS_MAX);
  const line = text.trimStart().split('\n', 1)[0].trim();
  return line !== '' && line.length <= 120 ? line : stem;
}

interface Passage {
  /** The nearest heading above; '' where there is none. */
  readonly heading: string;
  readonly text: string;
}

export function passages(text: string, isMarkdown: boolean, length: number): Passage[] {
  const found: Passage[] = [];
  for (const { body, heading } of sections(text, isMarkdown)) {
    let waiting = '';
    for (const paragraph of body.split(/\n[ \t]*\n/).map((block) => block.trim()).filter((block) => block !== '')) {
      for (const piece of pieces(paragraph, length)) {
        if (waiting !== '' && waiting.length + 2 + piece.length > length) {
          found.push({ heading, text: waiting });
          waiting = '';
        }
        waiting = waiting === '' ? piece : `${waiting}\n\n${piece}`;
      }
    }
    if (waiting !== '') found.push({ heading, text: waiting });
  }
  return found;
}

/** Text under each heading of Markdown: `# x`, or a line over `===` or `---`. Within fences of code there are none. Plain text is one section. */
function sections(text: string, isMarkdown: boolean): { heading: string; body: string }[] {
  if (!isMarkdown) return [{ heading: '', body: text }];
  const found: { heading: string; lines: string[] }[] = [{ heading: '', lines: [] }];
  let fence = '';
  for (const line of frontMatterOff(text).split('\n')) {
    const { lines } = found[found.length - 1];
    const mark = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
    if (mark !== undefined && (fence === '' || (mark[0] === fence[0] && mark.length >= fence.length))) fence = fence === '' ? mark : '';
    const heading = fence === '' && mark === undefined ? /^ {0,3}#{1,6}(?:[ \t]|$)/.exec(line) : null;
    const above = lines[lines.length - 1];
    if (heading) found.push({ heading: withoutMarks(line.slice(heading[0].length)), lines: [] });
    else if (fence === '' && /^ {0,3}(=+|-{2,})[ \t]*$/.test(line) && above !== undefined && above.trim() !== '' && (lines.length === 1 || lines[lines.length - 2].trim() === '')) {
      lines.pop();
      found.push({ heading: withoutMarks(above), lines: [] });
    } else lines.push(line);
  }
  return found.map(({ heading, lines }) => ({ heading, body: lines.join('\n') }));
}

/** A heading as one reads it: no `#` at its end, no links and no emphasis. */
function withoutMarks(heading: string): string {
  let text = heading.trim();
  let end = text.length;
  while (end > 0 && text[end - 1] === '#') end--;
  if (end < text.length && (end === 0 || text[end - 1] === ' ' || text[end - 1] === '\t')) text = text.slice(0, end).trim();
  return text.slice(0, TITLE_CHARS_MAX).replace(/!?\[([^\][]*)\]\([^()]*\)/g, '$1').replace(/[*`]+/g, '').trim();
}

/** YAML between two lines of `---` at the very beginning says something of the file and is none of its text. */
function frontMatterOff(text: string): string {
  if (!text.startsWith('---\n')) return text;
  const end = text.indexOf('\n---\n', 3);
  return end < 0 ? text : text.slice(end + 5);
}

/** A paragraph in pieces of at most so many characters. */
function pieces(paragraph: string, length: number): string[] {
  const found: string[] = [];
  let from = 0;
  while (paragraph.length - from > length) {
    const part = paragraph.slice(from, from + length);
    const sentence = Math.max(part.lastIndexOf('. '), part.lastIndexOf('! '), part.lastIndexOf('? '), part.lastIndexOf('.\n'), part.lastIndexOf('\u3002'));
    const space = Math.max(part.lastIndexOf(' '), part.lastIndexOf('\n'));
    let cut = sentence > length / 3 ? sentence + 1 : space > length / 3 ? space : length;
    // Not between the two halves of a character.
    if (cut === length && (paragraph.charCodeAt(from + cut) & 0xfc00) === 0xdc00 && cut > 1) cut--;
    const piece = part.slice(0, cut).trim();
    if (piece !== '') found.push(piece);
    from += cut;
  }
  const last = paragraph.slice(from).trim();
  if (last !== '') found.push(last);
  return found;
}

/** A text that a VarChar cannot hold is refused by `insert`, which does not know of passages. */
export function checkTextFile(source: ByteSource, split: 'passage' | 'file', maxBytes: number): void {
  if (split === 'file' && source.size > maxBytes) refuseAt({ file: source.name }, `at most ${maxBytes} bytes in a text (split: 'passage' makes several rows of it)`, String(source.size));
}
