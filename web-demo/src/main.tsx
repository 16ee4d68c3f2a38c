import { render } from 'preact';
import { App } from './app.tsx';
import { prepareOwn } from './collections/own/own.ts';
import { datasets } from './collections/registry.ts';
import { start } from './session/database.ts';
import { fetchEarly } from './session/early.ts';
import { route } from './util/route.ts';
import { dropAnywhere } from './views/add/drop-anywhere.ts';
import { VIEWS } from './views/registry.ts';
import './style/base.css';
import './style/frame.css';

prepareOwn();
dropAnywhere();
void start();
prepare();
render(<App />, document.getElementById('app')!);

/** Asks for what the link shows while the database opens. A failure is told where it is needed. */
function prepare(): void {
  const { collection, view } = route.get();
  const { all } = datasets.get();
  const dataset = all.find(({ id }) => id === collection) ?? all[0];
  fetchEarly(dataset);
  dataset.warm?.();
  (VIEWS.find(({ id }) => id === view) ?? VIEWS[0]).load(dataset).catch(() => {});
  dataset.loadCard().catch(() => {});
}
