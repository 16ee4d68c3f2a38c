/** The colours of the page as a canvas needs them. */
import { useEffect, useState } from 'preact/hooks';
import { DARK, LIGHT, type Palette } from './palette.ts';
import type { Inks } from './scatter/overlay.ts';

export interface Theme {
  readonly palette: Palette;
  readonly inks: Inks;
}

function theme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return { palette: matchMedia('(prefers-color-scheme: dark)').matches ? DARK : LIGHT, inks: { paper: colour('--card'), ink: colour('--ink'), accent: colour('--accent') } };
}

/** Changes when the visitor's system does. */
export function useTheme(): Theme {
  const [now, setNow] = useState(theme);
  useEffect(() => {
    const media = matchMedia('(prefers-color-scheme: dark)');
    const update = () => setNow(theme());
    media.addEventListener('change', update);
    return () => media.removeEventListener('change', update);
  }, []);
  return now;
}
