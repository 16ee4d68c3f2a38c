import { formatCount } from '../../util/format.ts';
import { typeName } from './column.ts';
import type { TableInfo } from './column.ts';

/** Columns of which each row shows the beginning: more than that no page is wide enough for. */
const COLUMNS = 24;

/** The first rows of a file, as text. */
export function Preview({ info }: { info: TableInfo }) {
  const columns = info.columns.slice(0, COLUMNS);
  return (
    <div class="preview" tabIndex={0} role="region" aria-label="First rows">
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col">
                {column.name}
                <span class="type">{typeName(column)}</span>
              </th>
            ))}
            {info.columns.length > COLUMNS && <th scope="col">and {formatCount(info.columns.length - COLUMNS)} more</th>}
          </tr>
        </thead>
        <tbody>
          {info.first.map((row, i) => (
            <tr key={i}>
              {columns.map((column, j) => (
                <td key={column.name} class={/^(Int|Float$|Double)/.test(column.type) ? 'num' : ''}>
                  {row[j]}
                </td>
              ))}
              {info.columns.length > COLUMNS && <td>…</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
