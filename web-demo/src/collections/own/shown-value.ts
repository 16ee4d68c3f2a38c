/** Any value of a field as text. */

const LONGEST = 20_000;

export function shownValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  switch (typeof value) {
    case 'string':
      return cut(value);
    case 'boolean':
      return value ? 'yes' : 'no';
    case 'number':
      return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
    case 'object':
      if (Array.isArray(value) && value.every((item) => typeof item !== 'object' || item === null)) return cut(value.slice(0, 1_000).map(shownValue).join(', '));
      if (ArrayBuffer.isView(value)) return `${(value as Float32Array).length} numbers`;
      return cut(JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? '');
    default:
      return String(value);
  }
}

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
