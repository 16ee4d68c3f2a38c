import { useEffect, useRef, useState } from 'preact/hooks';
import { Scatter, type ScatterEvents } from './scatter/scatter.ts';

/** A scatter on two canvases of the component, for as long as it is shown. `events` may change with every render. */
export function useScatter(events: ScatterEvents) {
  const host = useRef<HTMLDivElement>(null);
  const points = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const latest = useRef(events);
  latest.current = events;
  const [scatter, setScatter] = useState<Scatter | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let made: Scatter;
    try {
      made = new Scatter(
        host.current!,
        { points: points.current!, overlay: overlay.current! },
        {
          onHover: (...args) => latest.current.onHover(...args),
          onPick: (...args) => latest.current.onPick(...args),
          onLasso: (rows) => latest.current.onLasso(rows),
        },
      );
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause));
      return;
    }
    setScatter(made);
    return () => {
      made.dispose();
      setScatter(null);
    };
  }, []);
  return { scatter, error, host, points, overlay };
}
