/** The frame: header with collections and views, the shown view, status bar. It knows both by their registries only. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Dataset, ViewProps } from './collections/dataset.ts';
import { datasets } from './collections/registry.ts';
import { Failed } from './frame/failed.tsx';
import { Header } from './frame/header.tsx';
import { Progress } from './frame/progress.tsx';
import { StatusBar } from './frame/status-bar.tsx';
import { databaseState, openCollection } from './session/database.ts';
import type { OpenCollection } from './session/open-collection.ts';
import { go, hashOf, route } from './util/route.ts';
import { useStore } from './util/store.ts';
import { VIEWS } from './views/registry.ts';
import type { View } from './views/view.ts';

/** Characters of a name that is not known. */
const NAMED = 60;

export function App() {
  const { collection, view: viewId, params } = useStore(route);
  const { all } = useStore(datasets);
  const { phase, database, failure } = useStore(databaseState);
  const dataset = all.find(({ id }) => id === collection) ?? all[0];
  const view = VIEWS.find(({ id }) => id === viewId) ?? VIEWS[0];
  const open = database === null ? null : openCollection(dataset);
  const absent = useAbsent(open !== null && collection !== '' && collection !== dataset.id ? collection : null, hashOf(dataset.id, view.id));

  useEffect(() => {
    document.title = `${dataset.title}, ${view.title.toLowerCase()} · Elanus: vector search in this tab`;
  }, [dataset, view]);

  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <Header datasets={all} dataset={dataset} views={VIEWS} view={view} />
      <main id="main" tabIndex={-1}>
        {phase === 'failed' && failure !== null ? (
          <Failed failure={failure} />
        ) : open === null ? (
          <p class="waiting">Opening…</p>
        ) : (
          <>
            {absent?.shown === hashOf(dataset.id, view.id) && (
              <p class="notice absent" role="status">
                There is no collection “{absent.name.slice(0, NAMED)}” in this browser. What people make of their own data stays with them.
              </p>
            )}
            <Shown key={dataset.id} open={open} view={view} params={params} />
          </>
        )}
      </main>
      <StatusBar open={open} />
    </>
  );
}

/** What a link names and is not there, in this browser or any more: another collection is shown, under its own address. */
function useAbsent(name: string | null, shown: string): { readonly name: string; readonly shown: string } | null {
  const [absent, setAbsent] = useState<{ readonly name: string; readonly shown: string } | null>(null);
  useEffect(() => {
    if (name === null) return;
    setAbsent({ name, shown });
    go(shown, { replace: true });
  }, [name]);
  return absent;
}

/** A view of a collection that is open, or on its way. */
function Shown({ open, view, params }: { open: OpenCollection; view: View; params: URLSearchParams }) {
  const { phase, failure } = useStore(open.state);
  const [Component, error] = useView(view, open.dataset);
  const { isIndependent = false } = view;
  if (phase === 'failed' && failure !== null && !isIndependent) return <Failed failure={failure} />;
  return (
    <>
      {!isIndependent && <Progress open={open} />}
      {error !== null ? (
        <p class="notice" role="alert">
          This view could not be loaded: {error}
        </p>
      ) : (phase === 'opening' && !isIndependent) || Component === null ? (
        <p class="waiting">Opening…</p>
      ) : (
        <Component open={open} params={params} />
      )}
    </>
  );
}

/** The view's component, loaded when it is first shown. */
function useView(view: View, dataset: Dataset): [ComponentType<ViewProps> | null, string | null] {
  const [loaded, setLoaded] = useState<{ view: View; dataset: Dataset; Component: ComponentType<ViewProps> } | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    setError(null);
    // A view needs the card as well: where one of the two cannot be fetched, it is said here.
    Promise.all([view.load(dataset), view.isIndependent ? null : dataset.loadCard()]).then(
      ([Component]) => current && setLoaded({ view, dataset, Component }),
      (cause: unknown) => current && setError(cause instanceof Error ? cause.message : String(cause)),
    );
    return () => {
      current = false;
    };
  }, [view, dataset]);
  return [loaded?.view === view && loaded.dataset === dataset ? loaded.Component : null, error];
}

/** The hash holds the page's state, so the link moves the focus and not the URL. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
