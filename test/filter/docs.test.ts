/** What `docs/filters.md` shows is as it shows it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DYNAMIC, compile, refusal, schemaOf } from './language-support.ts';

const text = readFileSync('docs/filters.md', 'utf8');
const section = (title: string): string => text.slice(text.indexOf(`## ${title}`), text.indexOf('\n## ', text.indexOf(`## ${title}`) + 1));
const SHOWN = schemaOf(
  ...DYNAMIC.fields.filter(({ name }) => name === 'meta' || name === 'tags' || name === 'name' || name === '$meta'),
  { name: 'price', type: 'Double', primaryKey: false, autoId: false, nullable: true },
  { name: 'flag', type: 'Bool', primaryKey: false, autoId: false, nullable: false },
  { name: 'flags', type: 'Int32', primaryKey: false, autoId: false, nullable: false },
);

/** The first code of each row of a table, and whatever else is a whole filter. */
const filters = [
  ...[...section('What may be asked').matchAll(/^\| `([^`]{4,})`/gm)].map(([, filter]) => filter),
  ...[...text.matchAll(/(?:filter: |count\()'([^']+)'/g)].map(([, filter]) => filter),
  ...[...text.matchAll(/`((?:not |not \(|\(|price|flag|color|meta)[^`]*(?:==|!=|is null)[^`]*)`/g)].map(([, filter]) => filter),
];

describe('docs/filters.md', () => {
  it('shows enough', () => {
    expect(filters.length).toBeGreaterThan(20);
  });

  it.each(filters.filter((filter) => !filter.includes('...')))('%s is a filter', (filter) => {
    expect(compile(filter, { most: 10, names: ['kite', 'heron'] }, SHOWN).predicate).toBeDefined();
  });

  it('shows an error as it is', () => {
    const shown = section('Errors').split('\n').filter((line) => line.startsWith('    ')).map((line) => line.slice(4)).join('\n');
    expect(refusal((/ {2}(name .*)/.exec(shown) as RegExpExecArray)[1], undefined, SHOWN).message).toBe(shown);
  });
});
