/** Regular expressions of `=~` and `!~`: RE2's syntax, found anywhere in a text, never by backtracking. */
import type { TextPattern } from './pattern.ts';
import { Automaton } from './regex/automaton.ts';
import { type Node, parseRegex } from './regex/parse.ts';
import { toProgram } from './regex/program.ts';

/** PatternError for what RE2's syntax does not have, and for an expression that is too long, deep or large (`regex/parse.ts`, `regex/program.ts`). */
export function compileRegex(source: string): TextPattern {
  const tree = parseRegex(source);
  const automaton = new Automaton(toProgram(tree));
  return { source, ...literalsOf(tree), test: (bytes, from, to) => automaton.test(bytes, from, to) };
}

/** What every text that matches has. */
function literalsOf(tree: Node): Pick<TextPattern, 'prefix' | 'required' | 'isPrefix'> {
  const parts: Node[] = [];
  flatten(tree, parts);
  // A repetition at the end may match nothing, and so need not be there.
  while (parts.length > 0 && isOptional(parts[parts.length - 1])) parts.pop();
  let prefix = '';
  let at = 0;
  while (at < parts.length && isTextStart(parts[at])) at++;
  if (at > 0) for (; at < parts.length && literalOf(parts[at]) !== null; at++) prefix += literalOf(parts[at]);
  return { prefix, isPrefix: at > 0 && at === parts.length, required: [...new Set(runsOf(parts))] };
}

/** Parts one behind the other, without the groups that they are in. */
function flatten(node: Node, out: Node[]): void {
  if (node.kind !== 'sequence') out.push(node);
  else for (const part of node.parts) flatten(part, out);
}

const isOptional = (node: Node): boolean => node.kind === 'repeat' && node.least === 0;
const isTextStart = (node: Node): boolean => node.kind === 'assertion' && node.what === 'textStart';

/** The character that a part is, if it is one. */
function literalOf(node: Node): string | null {
  return node.kind === 'set' && node.points.length === 2 && node.points[0] === node.points[1] ? String.fromCodePoint(node.points[0]) : null;
}

/** Runs of characters that stand in every text which matches. */
function runsOf(parts: readonly Node[]): string[] {
  const runs = [''];
  for (const part of parts) {
    const literal = literalOf(part);
    if (literal !== null) runs[runs.length - 1] += literal;
    else if (part.kind === 'repeat' && part.least > 0) {
      const inner: Node[] = [];
      flatten(part.part, inner);
      runs.push(...runsOf(inner), '');
    } else if (part.kind !== 'assertion') runs.push('');
  }
  return runs.filter((run) => run !== '');
}
