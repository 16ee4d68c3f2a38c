/** A checked predicate as text of the filter language, with every group in parentheses: what `explain` shows of it. */
import type { JsonLiteral, Predicate, Ref, Value } from './predicate.ts';

const LIST_MAX = 8;

export function printPredicate(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'constant':
      return String(predicate.value);
    case 'fixed':
      return predicate.value ? `${printRef(predicate.ref)} is not null` : `(${printRef(predicate.ref)} is null and false)`;
    case 'and':
    case 'or':
      return `(${predicate.parts.map(printPredicate).join(` ${predicate.kind} `)})`;
    case 'not':
      return `not ${printPredicate(predicate.part)}`;
    case 'compare':
      return `(${printValue(predicate.left)} ${predicate.operator} ${printValue(predicate.right)})`;
    case 'range':
      return `(${printLiteral(predicate.low)} ${predicate.includesLow ? '<=' : '<'} ${printValue(predicate.value)} ${predicate.includesHigh ? '<=' : '<'} ${printLiteral(predicate.high)})`;
    case 'in':
      return `(${printValue(predicate.value)} ${predicate.isNegated ? 'not in' : 'in'} ${printList(predicate.values)})`;
    case 'like':
      return `(${printRef(predicate.ref)} like ${JSON.stringify(predicate.pattern.source)})`;
    case 'regex':
      return `(${printRef(predicate.ref)} ${predicate.isNegated ? '!~' : '=~'} ${JSON.stringify(predicate.pattern.source)})`;
    case 'isNull':
      return `(${printRef(predicate.ref)} is ${predicate.isNegated ? 'not ' : ''}null)`;
    case 'exists':
      return `exists ${printRef(predicate.ref)}`;
    case 'contains': {
      const name = predicate.ref.field.type === 'Array' ? 'array_contains' : 'json_contains';
      return `${name}_${predicate.mode}(${printRef(predicate.ref)}, ${printList(predicate.values)})`;
    }
    case 'equalsArray':
      return `(${printRef(predicate.ref)} ${predicate.isNegated ? '!=' : '=='} ${printList(predicate.values)})`;
  }
}

function printValue(value: Value): string {
  switch (value.kind) {
    case 'literal':
      return printLiteral(value.value);
    case 'length':
      return `array_length(${printRef(value.of)})`;
    case 'arithmetic':
      return `(${printValue(value.left)} ${value.operator} ${printValue(value.right)})`;
    default:
      return printRef(value);
  }
}

function printRef(ref: Ref): string {
  if (ref.kind === 'element') return `${ref.field.name}[${ref.index}]`;
  return ref.kind === 'path' ? ref.field.name + ref.path.map((step) => `[${JSON.stringify(step)}]`).join('') : ref.field.name;
}

function printLiteral(value: JsonLiteral): string {
  if (Array.isArray(value)) return printList(value as readonly JsonLiteral[]);
  if (typeof value === 'string') return JSON.stringify(value);
  const text = String(value);
  // Without a point a large double would be an integer of more than 64 bits.
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && !text.includes('e') ? `${text}.0` : text;
}

const printList = (values: readonly JsonLiteral[]): string => {
  const shown = values.slice(0, LIST_MAX).map(printLiteral);
  return `[${values.length > LIST_MAX ? [...shown, `... ${values.length - LIST_MAX} more`].join(', ') : shown.join(', ')}]`;
};
