import type { Failure, Remedy } from '../session/failure.ts';
import { apply } from '../session/database.ts';

const LABELS: Record<Remedy, string> = {
  retry: 'Try again',
  memory: 'Keep it in memory',
  erase: 'Delete and make again',
};

export function Failed({ failure }: { failure: Failure }) {
  return (
    <section class="failed" role="alert">
      <h1>{failure.title}</h1>
      <p>{failure.advice}</p>
      <p class="actions">
        {failure.remedies.map((remedy, i) => (
          <button key={remedy} type="button" class={i === 0 ? 'primary' : ''} onClick={() => void apply(remedy)}>
            {LABELS[remedy]}
          </button>
        ))}
      </p>
      {failure.detail !== '' && <p class="detail">{failure.detail}</p>}
    </section>
  );
}
