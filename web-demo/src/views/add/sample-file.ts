/** A file to try: some of the shipped papers as JSONL, made here. */
import { fetchReader, openSource } from '../../../sample/source.mjs';
import type { SourceFile } from './table-worker.ts';

const ROWS = 200;

export async function sampleFile(): Promise<SourceFile> {
  const source = await openSource(fetchReader(new URL('sample/', document.baseURI).href));
  const texts = await source.abstracts();
  const step = Math.floor(texts.length / ROWS);
  const lines = Array.from({ length: ROWS }, (_, i) => {
    const { title, text } = texts[i * step];
    const plain = text.replace(/\s+/g, ' ').trim();
    const words = plain.split(' ').length;
    return JSON.stringify({ id: i + 1, title: title.replace(/\s+/g, ' ').trim(), abstract: plain, words, length: words < 120 ? 'short' : words < 200 ? 'medium' : 'long' });
  });
  return { name: 'Sample papers.jsonl', bytes: new Blob([`${lines.join('\n')}\n`]) };
}
