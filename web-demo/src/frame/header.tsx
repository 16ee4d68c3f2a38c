import { useEffect, useRef } from 'preact/hooks';
import type { Dataset } from '../collections/dataset.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { hashOf } from '../util/route.ts';
import type { View } from '../views/view.ts';

interface HeaderProps {
  readonly datasets: readonly [Dataset, ...Dataset[]];
  readonly dataset: Dataset;
  readonly views: readonly View[];
  readonly view: View;
}

/** The state of a view that is left, by its path, so that coming back finds it as it was. */
const left = new Map<string, URLSearchParams>();

export function Header({ datasets, dataset, views, view }: HeaderProps) {
  left.set(hashOf(dataset.id, view.id), new URLSearchParams(location.hash.split('?')[1] ?? ''));
  const linkTo = (id: string, viewId: string) => hashOf(id, viewId, left.get(hashOf(id, viewId)));
  const header = useRef<HTMLElement>(null);
  // On a phone the rows of links scroll, each by itself: the current ones are to be seen.
  useEffect(() => {
    for (const link of header.current?.querySelectorAll<HTMLElement>('[aria-current]') ?? []) showWithin(link.parentElement!, link);
  }, [dataset, view]);
  return (
    <header class="header" ref={header}>
      <a class="brand" href={hashOf(datasets[0].id, views[0].id)} aria-label="Elanus, start">
        <Kite />
        <span>Elanus</span>
      </a>
      <nav class="collections" aria-label="Collections">
        {datasets.map((each) => (
          <a key={each.id} href={linkTo(each.id, view.id)} aria-current={each === dataset ? 'page' : undefined}>
            {each.title}
          </a>
        ))}
      </nav>
      <p class="tagline">A vector database, running in this tab. Nothing you do here leaves it.</p>
      <CopyButton label="Copy link" title="The link shows what you see: collection, view, query and settings" text={() => location.href} />
      <nav class="views" aria-label="Views">
        {views.map((each) => (
          <a key={each.id} href={linkTo(dataset.id, each.id)} aria-current={each === view ? 'page' : undefined}>
            {each.title}
          </a>
        ))}
      </nav>
    </header>
  );
}

/** Scrolls a row sideways, and nothing else, until one of its links is in its middle. */
function showWithin(row: HTMLElement, link: HTMLElement): void {
  row.scrollLeft = link.offsetLeft - row.offsetLeft - (row.clientWidth - link.offsetWidth) / 2;
}

function Kite() {
  return (
    <svg viewBox="2 7 28 20" width="28" height="20" aria-hidden="true">
      <path
        fill="currentColor"
        d="M3 10.500c6.500-2.200 10.700.200 13 5.200 2.300-5 6.500-7.400 13-5.200-5.600 1.200-9.200 4.200-11 8.300l1.600 6.700-3.600-2.600-3.600 2.600 1.600-6.700c-1.800-4.100-5.400-7.100-11-8.300z"
      />
      <circle class="kite-eye" cx="16" cy="17.600" r="1.300" />
    </svg>
  );
}
