/** A file that is dropped anywhere on the page is one to add: without this the browser would leave the page for it. */
import { datasets } from '../../collections/registry.ts';
import { go, hashOf, route } from '../../util/route.ts';
import { filesOfTransfer } from './files.ts';

export function dropAnywhere(): void {
  addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
  addEventListener('drop', (event) => {
    const { dataTransfer } = event;
    if (!dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    // The list is read at once: it is gone when the event is over.
    const files = filesOfTransfer(dataTransfer);
    files.catch(() => {});
    go(hashOf(route.get().collection || datasets.get().all[0].id, 'add'));
    void import('./opening.ts').then(({ openWhat }) => openWhat(files));
  });
}
