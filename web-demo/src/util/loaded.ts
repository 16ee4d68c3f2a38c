import { useEffect, useState } from 'preact/hooks';

/** What a function loads, null until then. It is called again when `key` changes. @param onFailure is told what went wrong, to say it */
export function useLoaded<T>(load: (() => Promise<T>) | undefined, key: unknown, onFailure?: (error: unknown) => void): T | null {
  const [loaded, setLoaded] = useState<{ key: unknown; value: T } | null>(null);
  useEffect(() => {
    let current = true;
    load?.().then(
      (value) => current && setLoaded({ key, value }),
      (error: unknown) => {
        console.warn('elanus demo:', error);
        if (current) onFailure?.(error);
      },
    );
    return () => {
      current = false;
    };
  }, [key]);
  return loaded !== null && loaded.key === key ? loaded.value : null;
}
