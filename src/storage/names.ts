/** Makes and parses the name of everything in a store; nobody else concatenates strings. */

export const segmentFileName = (segmentId: number): string => `s${segmentId}.seg`;
/** `generation` grows with every rebuild, so that a new index never overwrites one in use. */
export const indexFileName = (segmentId: number, fieldId: number, generation: number): string => `s${segmentId}-f${fieldId}-${generation}.idx`;
export const deletesFileName = (segmentId: number, generation: number): string => `s${segmentId}-${generation}.del`;
export const logName = (collectionId: number, generation: number): string => `c${collectionId}-${generation}.log`;

export type FileName =
  | { readonly kind: 'segment'; readonly segmentId: number }
  | { readonly kind: 'index'; readonly segmentId: number; readonly fieldId: number; readonly generation: number }
  | { readonly kind: 'deletes'; readonly segmentId: number; readonly generation: number };

/** What a file's name says, or null for a name that is not ours. */
export function parseFileName(name: string): FileName | null {
  let match = /^s(\d{1,15})\.seg$/.exec(name);
  if (match) return { kind: 'segment', segmentId: Number(match[1]) };
  match = /^s(\d{1,15})-f(\d{1,9})-(\d{1,15})\.idx$/.exec(name);
  if (match) return { kind: 'index', segmentId: Number(match[1]), fieldId: Number(match[2]), generation: Number(match[3]) };
  match = /^s(\d{1,15})-(\d{1,15})\.del$/.exec(name);
  if (match) return { kind: 'deletes', segmentId: Number(match[1]), generation: Number(match[2]) };
  return null;
}

/** The collection and generation of a log, or null for a name that is not ours. */
export function parseLogName(name: string): { readonly collectionId: number; readonly generation: number } | null {
  const match = /^c(\d{1,15})-(\d{1,15})\.log$/.exec(name);
  return match ? { collectionId: Number(match[1]), generation: Number(match[2]) } : null;
}
