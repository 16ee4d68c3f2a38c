import type { Task } from './use-task.ts';

/** What is being done, or what came of it. */
export function TaskReport({ task: { running, said, error } }: { task: Task }) {
  return (
    <>
      <p class="said" role="status">
        {running !== null ? `${running}…` : (said ?? '')}
      </p>
      {error !== null && (
        <p class="notice" role="alert">
          {error}
        </p>
      )}
    </>
  );
}
