/** Places inside JSON: those that rows have, and those that a visitor types. */
import type { Entity } from '../../collections/dataset.ts';
import type { Path, ValueKind } from './subject.ts';

/** A place that rows have something at. */
export interface Place {
  readonly path: Path;
  /** What is there in the first row that has something there. */
  readonly as: ValueKind;
  readonly isList: boolean;
}

const MAX_PLACES = 40;
const MAX_DEPTH = 3;

/** Of some values of a JSON field, in the order in which they are met. */
export function placesIn(values: readonly unknown[]): Place[] {
  const places = new Map<string, Place>();
  const look = (value: unknown, path: Path): void => {
    if (places.size >= MAX_PLACES || value === null || value === undefined) return;
    if (typeof value === 'object' && !Array.isArray(value)) {
      if (path.length < MAX_DEPTH) for (const [key, inner] of Object.entries(value)) look(inner, [...path, key]);
      return;
    }
    const key = JSON.stringify(path);
    if (path.length === 0 || places.has(key)) return;
    const isList = Array.isArray(value);
    places.set(key, { path, as: kindOf(isList ? value[0] : value), isList });
  };
  for (const value of values) look(value, []);
  return [...places.values()];
}

function kindOf(value: unknown): ValueKind {
  if (typeof value === 'boolean') return 'flag';
  return typeof value === 'number' || typeof value === 'bigint' ? 'number' : 'text';
}

/** What lies at a place; undefined where there is nothing. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

/** The keys of a row that are no field of the schema. */
export function dynamicOf(row: Entity, fields: ReadonlySet<string>): Entity {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !fields.has(name)));
}

/** `a.b[0]`. */
export const pathText = (path: Path): string => path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');

/** What `pathText` wrote, or a visitor; any text is a path. */
export function readPath(text: string): Path {
  if (text === '') return [];
  return text.split('.').flatMap((part): (string | number)[] => {
    const [, key, positions] = /^(.*?)((?:\[\d{1,9}\])*)$/su.exec(part)!;
    const steps = [...positions.matchAll(/\d+/g)].map(([digits]) => Number(digits));
    return key === '' && steps.length > 0 ? steps : [key, ...steps];
  });
}
