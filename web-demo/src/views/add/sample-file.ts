/** A file to try: some of the shipped papers as JSONL, made here. */
import { openSample } from '../../session/early.ts';
import type { SourceFile } from './table-reader.ts';

const ROWS = 200;

export async function sampleFile(): Promise<SourceFile> {
  const source = await openSample();
  const lines: string[] = [];
  for (let block = 0; lines.length < ROWS; block++) {
    const { texts } = await source.paperBlock(block);
    for (const { title, text } of texts.slice(0, ROWS - lines.length)) {
      const abstract = text.replace(/\s+/g, ' ').trim();
      const words = abstract.split(' ').length;
      lines.push(JSON.stringify({ id: lines.length + 1, title: title.replace(/\s+/g, ' ').trim(), abstract, words, length: words < 140 ? 'short' : words < 200 ? 'medium' : 'long' }));
    }
  }
  return { name: 'Sample papers.jsonl', bytes: new Blob([`${lines.join('\n')}\n`]) };
}
