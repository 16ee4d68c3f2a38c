/** Where the values of a condition are typed, with the values that the field has. */
import { useId } from 'preact/hooks';
import type { FieldValues } from './field-values.ts';
import { MAX_VALUES } from './tree.ts';
import type { ValueKind } from './subject.ts';

interface ValueInputProps {
  /** What it is of, for people. */
  readonly label: string;
  readonly kind: ValueKind;
  readonly values: FieldValues;
  /** What the numbers of a category stand for, by number. */
  readonly names?: readonly string[];
}

export function OneValue({ label, kind, values, names, value, placeholder, onValue }: ValueInputProps & { readonly value: string; readonly placeholder?: string; readonly onValue: (value: string) => void }) {
  const id = useId();
  if (names !== undefined || kind === 'flag') {
    return (
      <select aria-label={label} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {value === '' && <option value="">choose…</option>}
        <Choices names={names} value={value} />
      </select>
    );
  }
  return (
    <>
      <input
        type="text"
        aria-label={label}
        list={id}
        inputMode={kind === 'text' ? 'text' : 'decimal'}
        autocomplete="off"
        spellcheck={false}
        placeholder={placeholder ?? hintOf(kind, values)}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      <Suggestions id={id} values={values} />
    </>
  );
}

/** Values one by one: those that are there can be taken away, one more can be typed. */
export function ManyValues({ label, kind, values, names, chosen, onChosen }: ValueInputProps & { readonly chosen: readonly string[]; readonly onChosen: (chosen: readonly string[]) => void }) {
  const id = useId();
  const add = (input: HTMLInputElement | HTMLSelectElement): void => {
    const { value } = input;
    input.value = '';
    if (value !== '' && !chosen.includes(value) && chosen.length < MAX_VALUES) onChosen([...chosen, value]);
  };
  return (
    <span class="many-values">
      {chosen.map((value, i) => (
        <button key={value} type="button" class="chip" aria-label={`Take away ${names?.[Number(value)] ?? value}`} onClick={() => onChosen(chosen.filter((_, j) => j !== i))}>
          <span>{names?.[Number(value)] ?? value}</span> <span aria-hidden="true">×</span>
        </button>
      ))}
      {names !== undefined || kind === 'flag' ? (
        <select aria-label={`${label}, one more`} value="" onChange={(event) => add(event.currentTarget)}>
          <option value="">add…</option>
          <Choices names={names} value="" />
        </select>
      ) : (
        <>
          <input
            type="text"
            aria-label={`${label}, one more`}
            list={id}
            autocomplete="off"
            spellcheck={false}
            placeholder="type, then Enter"
            onChange={(event) => add(event.currentTarget)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return;
              event.preventDefault();
              add(event.currentTarget);
            }}
          />
          <Suggestions id={id} values={values} />
        </>
      )}
    </span>
  );
}

function Choices({ names, value }: { names: readonly string[] | undefined; value: string }) {
  if (names === undefined) {
    return (
      <>
        <option value="true">true</option>
        <option value="false">false</option>
      </>
    );
  }
  return (
    <>
      {value !== '' && names[Number(value)] === undefined && <option value={value}>{value}</option>}
      {names.map((name, i) => (
        <option key={i} value={i}>
          {name}
        </option>
      ))}
    </>
  );
}

function Suggestions({ id, values }: { id: string; values: FieldValues }) {
  return (
    <datalist id={id}>
      {values.frequent.map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}

function hintOf(kind: ValueKind, { range, frequent }: FieldValues): string {
  if (range !== null && kind !== 'text') return `${shortNumber(range.low)} … ${shortNumber(range.high)}`;
  return frequent.length > 0 ? `such as ${frequent[0].slice(0, 24)}` : kind === 'text' ? 'text' : 'number';
}

const shortNumber = (text: string): string => (text.length > 9 && text.includes('.') ? String(Number(Number(text).toPrecision(4))) : text);
