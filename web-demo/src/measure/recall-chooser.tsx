/** The recall at which settings, or engines, are put beside each other. */
import { formatShare } from '../util/format.ts';
import { changeParams } from '../util/route.ts';

const USUAL = 0.95;

/** The one that a link asks for, of those that are offered. */
export const recallParam = (params: URLSearchParams, offered: readonly number[]): number => offered.find((each) => String(each) === params.get('recall')) ?? USUAL;

export function RecallChooser({ offered, chosen }: { offered: readonly number[]; chosen: number }) {
  return (
    <label>
      Compare at recall
      <select value={String(chosen)} onChange={(event) => changeParams({ recall: event.currentTarget.value === String(USUAL) ? null : event.currentTarget.value }, { replace: true })}>
        {offered.map((each) => (
          <option key={each} value={String(each)}>
            {formatShare(each)}
          </option>
        ))}
      </select>
    </label>
  );
}
