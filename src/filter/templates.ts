/** Values of templates: what `{name}` stands for. They are the user's, and looked at no more than is needed. */
import { show } from '../schema/refuse.ts';
import type { Constant } from './ast.ts';
import { type Span, badType, quoted } from './errors.ts';
import { MAX_LIST } from './parse.ts';
import type { TemplateValues } from './predicate.ts';

const LONE_SURROGATE = /\p{Surrogate}/u;
const EXPECTED = 'a boolean, a finite number, an integer of 64 bits, a text, or an array of these';

/** FILTER_TYPE where there is none of that name, or it is of a kind that no column has. An integer that is safe is one, whatever column it meets. */
export function templateValue(name: string, values: TemplateValues | undefined, span: Span): Constant | readonly Constant[] {
  if (values === undefined || !Object.hasOwn(values, name)) badType(span, `a value for the template ${quoted(name)}`, 'none', `there is no value for the template ${quoted(name)}`);
  const value = values[name];
  if (!Array.isArray(value)) return constant(value, `template ${quoted(name)}`, span);
  const { length } = value;
  if (length > MAX_LIST) badType(span, `at most ${MAX_LIST} values`, String(length), `template ${quoted(name)} expected at most ${MAX_LIST} values, got ${length}`);
  return Array.from({ length }, (_, i) => constant(value[i], `value ${i} of template ${quoted(name)}`, span));
}

function constant(value: unknown, label: string, span: Span): Constant {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'number':
      if (Number.isSafeInteger(value)) return BigInt(value);
      if (Number.isFinite(value)) return value;
      break;
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return value;
      break;
    case 'string':
      if (!LONE_SURROGATE.test(value)) return value;
      badType(span, 'well-formed text', 'a lone surrogate', `${label} expected well-formed text, got a lone surrogate`);
  }
  const got = show(value);
  badType(span, EXPECTED, got, `${label} expected ${EXPECTED}, got ${got}`);
}
