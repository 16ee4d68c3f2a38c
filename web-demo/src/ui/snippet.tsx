const LENGTH = 160;

/** The beginning of a text. */
export function Snippet({ text }: { text: string }) {
  const cut = text.length <= LENGTH ? text : `${text.slice(0, Math.max(text.lastIndexOf(' ', LENGTH), LENGTH / 2))} …`;
  return <span class="snippet">{cut}</span>;
}
