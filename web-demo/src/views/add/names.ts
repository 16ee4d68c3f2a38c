/** The name that a visitor gives a collection, and the one that the database knows it by. */

export const TITLE_LENGTH = 40;

/** Why a title cannot be used, in words; null where it can. */
export function titleFault(title: string, taken: readonly string[] = []): string | null {
  const length = title.trim().length;
  if (length === 0) return 'The collection needs a name.';
  if (taken.includes(title.trim())) return 'You have a collection of that name.';
  return length > TITLE_LENGTH ? `A name has at most ${TITLE_LENGTH} characters; this one has ${length}.` : null;
}

/** A name that the database takes and nothing has yet: letters, digits and `_`, not beginning with a digit. */
export function idFor(title: string, taken: ReadonlySet<string>): string {
  const plain = title.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
  // With a word in front no title can become a name that means something to the page or the language.
  const first = plain === '' ? 'own' : `own_${plain.slice(0, 60)}`;
  let id = first;
  for (let n = 2; taken.has(id); n++) id = `${first}_${n}`;
  return id;
}

/** The title, or the first one behind it with a number that is not taken. */
export function freeTitle(title: string, taken: readonly string[]): string {
  let free = title;
  for (let n = 2; taken.includes(free); n++) free = `${title.slice(0, TITLE_LENGTH - 4)} ${n}`;
  return free;
}

/** A title for what a file has: its name without folders and ending. */
export function titleOf(fileName: string): string {
  const name = fileName.split(/[\\/]/).filter(Boolean).at(-1) ?? fileName;
  const plain = name.replace(/\.[A-Za-z0-9]{1,10}$/, '').replace(/[_\s]+/g, ' ').trim();
  return (plain === '' ? 'My data' : plain.charAt(0).toUpperCase() + plain.slice(1)).slice(0, TITLE_LENGTH).trim();
}
