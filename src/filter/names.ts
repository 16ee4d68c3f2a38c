/** What a name in a filter means: a field of the schema, or a key of the dynamic field where there is one. */
import type { ElementType, Field, ScalarType, Schema } from '../schema/types.ts';
import { isVectorType } from '../schema/vector-types/index.ts';
import { type Span, badType, quoted } from './errors.ts';
import type { JsonPath, Ref } from './predicate.ts';

/** `type`: of what is there; JSON where every row may have something else. */
export interface Place {
  readonly ref: Ref;
  readonly type: ScalarType;
}

export class Names {
  readonly #fields = new Map<string, Field>();
  readonly #dynamic: Field | undefined;

  constructor(schema: Schema) {
    for (const field of schema.fields) this.#fields.set(field.name, field);
    this.#dynamic = schema.fields.find((field) => field.isDynamic);
  }

  /** FILTER_TYPE where there is nothing of that name, or nothing that a filter can look at. */
  place(name: string, path: JsonPath, span: Span): Place {
    const field = this.#fields.get(name);
    if (field === undefined) {
      if (this.#dynamic === undefined || name === '$meta') this.#refuse(name, span);
      return { ref: { kind: 'path', field: this.#dynamic, path: [name, ...path] }, type: 'JSON' };
    }
    const { type } = field;
    if (isVectorType(type)) badType(span, 'a scalar field', type, `field "${name}" holds vectors (${type}), which a filter cannot look at`);
    if (path.length === 0) return { ref: { kind: 'field', field }, type };
    if (type === 'JSON') return { ref: { kind: 'path', field, path }, type };
    if (type !== 'Array') badType(span, 'a field of type JSON or Array before "["', type, `field "${name}" is of type ${type}, which has no parts`);
    const [index] = path;
    if (path.length > 1 || typeof index !== 'number') badType(span, 'one position', quoted(path.join('.')), `field "${name}" is an Array of ${field.elementType}: its elements are ${name}[0], ${name}[1], ...`);
    return { ref: { kind: 'element', field, index }, type: field.elementType as ElementType };
  }

  #refuse(name: string, span: Span): never {
    const names = [...this.#fields.values()].filter((field) => !isVectorType(field.type)).map((field) => field.name);
    const nearest = nearestName(name, names);
    const advice = nearest === null ? `the fields are ${names.join(', ')}` : `did you mean "${nearest}"? The fields are ${names.join(', ')}`;
    const sentence = `field ${quoted(name)} does not exist; ${advice}`;
    badType(span, 'the name of a field', quoted(name), sentence);
  }
}

/** The name at the smallest edit distance, where that is at most a third of its length (one letter of two or three); letters of either case are the same. */
function nearestName(name: string, names: readonly string[]): string | null {
  let nearest: string | null = null;
  let least = Math.min(name.length, Math.floor(Math.max(3, Math.min(name.length, 255)) / 3) + 1);
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Letters left out, put in, changed, or two of them swapped: the optimal string alignment distance, row by row. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    before = row;
    row = next;
  }
  return row[b.length];
}
