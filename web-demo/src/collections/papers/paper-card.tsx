import { Snippet } from '../../ui/snippet.tsx';
import type { CardProps } from '../dataset.ts';

export function PaperCard({ entity, compact = false }: CardProps) {
  const { title, text } = entity as { readonly title: string; readonly text: string };
  if (compact) {
    return (
      <span class="card-text">
        <span class="title">{title}</span>
        <Snippet text={text} />
      </span>
    );
  }
  return (
    <>
      <h1>{title}</h1>
      <details>
        <summary>Abstract</summary>
        <p>{text}</p>
      </details>
    </>
  );
}
