import { formatBytes, formatCount } from '../../util/format.ts';
import type { Item } from './contents.ts';

/** All collections of the database, those that only the page knows of among them. */
export function CollectionsTable({ items, shown, titles }: { items: readonly Item[]; shown: string; titles: ReadonlyMap<string, string> }) {
  return (
    <section class="box" aria-label="Collections">
      <h2>Collections</h2>
      <div class="table" role="region" aria-label="All collections" tabIndex={0}>
        <table class="num collections-table">
          <thead>
            <tr>
              <th scope="col">Collection</th>
              <th scope="col">Rows</th>
              <th scope="col">Deleted</th>
              <th scope="col">Segments</th>
              <th scope="col">Files</th>
              <th scope="col">Log</th>
              <th scope="col">Memory</th>
            </tr>
          </thead>
          <tbody>
            {items.map(({ name, stats: { rows, deletedRows, segments, storedBytes, logBytes, memoryBytes } }) => (
              <tr key={name} class={name === shown ? 'is-shown' : ''}>
                <th scope="row">{titles.get(name) ?? name}</th>
                <td>{formatCount(rows)}</td>
                <td>{formatCount(deletedRows)}</td>
                <td>{formatCount(segments.length)}</td>
                <td>{formatBytes(storedBytes)}</td>
                <td>{formatBytes(logBytes)}</td>
                <td>{formatBytes(memoryBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
