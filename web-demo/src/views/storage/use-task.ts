import { useState } from 'preact/hooks';

export interface Task {
  /** What is being done; null: nothing. */
  readonly running: string | null;
  /** How the last one went. */
  readonly said: string | null;
  readonly error: string | null;
  run(name: string, work: () => Promise<string | null>): void;
}

/** One thing at a time that the visitor asked for, and what came of it. `onDone` is called whatever came. */
export function useTask(onDone: () => void): Task {
  const [state, setState] = useState<Omit<Task, 'run'>>({ running: null, said: null, error: null });
  return {
    ...state,
    run(name, work) {
      if (state.running !== null) return;
      setState({ running: name, said: null, error: null });
      work()
        .then(
          (said) => setState({ running: null, said, error: null }),
          (cause: unknown) => setState({ running: null, said: null, error: cause instanceof Error ? cause.message : String(cause) }),
        )
        .finally(onDone);
    },
  };
}
