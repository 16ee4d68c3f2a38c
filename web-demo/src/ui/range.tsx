import { useId } from 'preact/hooks';

interface RangeProps {
  readonly label: string;
  /** What the number does, for those who do not know it. */
  readonly hint: string;
  readonly values: readonly number[];
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** A slider over a list of values, so that a parameter can grow in steps that matter. */
export function Range({ label, hint, values, value, onChange }: RangeProps) {
  const id = useId();
  // A link may carry a value between two steps: the slider stands at the next one, the number stays true.
  const at = values.findIndex((step) => step >= value);
  return (
    <div class="range">
      <label for={id} title={hint}>
        {label} <output class="num">{value}</output>
      </label>
      <input
        id={id}
        type="range"
        min={0}
        max={values.length - 1}
        step={1}
        value={at === -1 ? values.length - 1 : at}
        aria-valuetext={String(value)}
        title={hint}
        onInput={(event) => onChange(values[Number(event.currentTarget.value)])}
      />
    </div>
  );
}
