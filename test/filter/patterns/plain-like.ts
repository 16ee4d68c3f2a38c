/** Whether a text is like a pattern, by a table of which prefix of the pattern matches which prefix of the text. */
export function plainLike(pattern: string, text: string): boolean {
  const characters = [...text];
  let reached = characters.map(() => false).concat(false);
  reached[0] = true;
  const signs = [...pattern];
  for (let i = 0; i < signs.length; i++) {
    const next = reached.map(() => false);
    for (let at = 0; at < reached.length; at++) {
      if (signs[i] === '%') next[at] = reached.slice(0, at + 1).includes(true);
      else if (at > 0 && reached[at - 1]) {
        const literal = signs[i] === '\\' ? signs[i + 1] : signs[i];
        next[at] = signs[i] === '_' || literal === characters[at - 1];
      }
    }
    if (signs[i] === '\\') i++;
    reached = next;
  }
  return reached[characters.length];
}
