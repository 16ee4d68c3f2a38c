import type { Tab } from '../tabs/tab.ts';
import { hashOf } from '../util/route.ts';

/** The state of a tab that is left, so that coming back finds it as it was. */
const left = new Map<string, URLSearchParams>();

export function Header({ tabs, active }: { tabs: readonly Tab[]; active: Tab }) {
  left.set(active.id, new URLSearchParams(location.hash.split('?')[1] ?? ''));
  return (
    <header class="header">
      <a class="brand" href={hashOf(tabs[0].id, new URLSearchParams())} aria-label="Elanus, start">
        <Kite />
        <span>Elanus</span>
      </a>
      <nav aria-label="Tabs">
        {tabs.map((tab) => (
          <a key={tab.id} href={hashOf(tab.id, left.get(tab.id) ?? new URLSearchParams())} aria-current={tab === active ? 'page' : undefined}>
            {tab.title}
          </a>
        ))}
      </nav>
      <p class="tagline">A vector database, running in this tab. Nothing you do here leaves it.</p>
    </header>
  );
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
