import { formatCount } from '../util/format.ts';
import { changeParams } from '../util/route.ts';

const STEPS = [1_000, 10_000];
const USUAL = 10_000;

/** What is offered where there are so many rows: each step below that number, and all. */
function choices(there: number): readonly { readonly text: string; readonly rows: number }[] {
  return [...STEPS.filter((step) => step < there).map((rows) => ({ text: String(rows), rows })), { text: 'all', rows: there }];
}

/** The rows that a link asks for, else up to 10,000. */
export function rowsParam(params: URLSearchParams, there: number): number {
  return choices(there).find(({ text }) => text === params.get('rows'))?.rows ?? Math.min(USUAL, there);
}

interface RowsChooserProps {
  readonly params: URLSearchParams;
  readonly there: number;
  /** That a page can hold. */
  readonly most: number;
}

/** How many rows are measured with: the first ones in the order of their keys. */
export function RowsChooser({ params, there, most }: RowsChooserProps) {
  const offered = choices(Math.min(there, most));
  const chosen = offered.find(({ rows }) => rows === rowsParam(params, Math.min(there, most)))!;
  return (
    <label title={there > most ? `A page measures with at most ${formatCount(most)} of these` : 'The first ones in the order of their keys'}>
      Rows
      <select value={chosen.text} onChange={(event) => changeParams({ rows: event.currentTarget.value }, { replace: true })}>
        {offered.map(({ text, rows }) => (
          <option key={text} value={text}>
            {text === 'all' && there <= most ? `all ${formatCount(rows)}` : formatCount(rows)}
          </option>
        ))}
      </select>
    </label>
  );
}
