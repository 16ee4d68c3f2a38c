/** The frame: header with tabs, the shown tab, status bar. It knows tabs by the registry only. */
import { useEffect, useState } from 'preact/hooks';
import { Failed } from './frame/failed.tsx';
import { Header } from './frame/header.tsx';
import { Progress } from './frame/progress.tsx';
import { StatusBar } from './frame/status-bar.tsx';
import { session } from './session/session.ts';
import { TABS } from './tabs/registry.ts';
import type { Tab, TabView } from './tabs/tab.ts';
import { route } from './util/route.ts';
import { useStore } from './util/store.ts';

export function App() {
  const { tab: tabId, params } = useStore(route);
  const { phase, failure } = useStore(session);
  const tab = TABS.find(({ id }) => id === tabId) ?? TABS[0];
  const [View, error] = useView(tab);

  useEffect(() => {
    document.title = `${tab.title} · Elanus: vector search in this tab`;
  }, [tab]);

  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <Header tabs={TABS} active={tab} />
      <main id="main" tabIndex={-1}>
        <Progress />
        {phase === 'failed' && failure !== null ? (
          <Failed failure={failure} />
        ) : error !== null ? (
          <p class="notice" role="alert">
            This tab could not be loaded: {error}
          </p>
        ) : View === null ? (
          <p class="waiting">Opening…</p>
        ) : (
          <View params={params} />
        )}
      </main>
      <StatusBar />
    </>
  );
}

/** The tab's component, loaded when it is first shown. */
function useView(tab: Tab): [TabView | null, string | null] {
  const [loaded, setLoaded] = useState<{ tab: Tab; View: TabView } | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    setError(null);
    tab.load().then(
      (View) => current && setLoaded({ tab, View }),
      (cause: unknown) => current && setError(cause instanceof Error ? cause.message : String(cause)),
    );
    return () => {
      current = false;
    };
  }, [tab]);
  return [loaded?.tab === tab ? loaded.View : null, error];
}

/** The hash holds the page's state, so the link moves the focus and not the URL. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
