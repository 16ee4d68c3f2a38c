import { useEffect, useId, useState } from 'preact/hooks';
import { formatCount } from '../../util/format.ts';
import { parseParam } from './param.ts';
import type { NumberInfo, ParamInfo, Params, ParamValue, Shape } from './param.ts';

interface ParamFieldProps {
  readonly info: ParamInfo;
  readonly value: ParamValue;
  readonly shape: Shape;
  readonly build: Params;
  readonly onChange: (text: string) => void;
}

/** The control of one parameter, with a line on what it does. */
export function ParamField({ info, value, shape, build, onChange }: ParamFieldProps) {
  const id = useId();
  return (
    <div class="param">
      <label for={id}>{info.name}</label>
      {info.kind === 'flag' ? (
        <input id={id} type="checkbox" checked={value === true} aria-describedby={`${id}-about`} onChange={(event) => onChange(String(event.currentTarget.checked))} />
      ) : info.kind === 'choice' ? (
        <select id={id} value={String(value)} aria-describedby={`${id}-about`} onChange={(event) => onChange(event.currentTarget.value)}>
          {info.choices(shape, build).map((choice) => (
            <option key={choice} value={String(choice)}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <NumberInput id={id} info={info} value={Number(value)} shape={shape} build={build} onChange={onChange} />
      )}
      <p id={`${id}-about`} class="hint">
        {info.about}
      </p>
    </div>
  );
}

interface NumberInputProps {
  readonly id: string;
  readonly info: NumberInfo;
  readonly value: number;
  readonly shape: Shape;
  readonly build: Params;
  readonly onChange: (text: string) => void;
}

/** What is typed stays as it is typed; only what is in range becomes the value. */
function NumberInput({ id, info, value, shape, build, onChange }: NumberInputProps) {
  const [text, setText] = useState(String(value));
  useEffect(() => setText((typed) => (Number(typed) === value ? typed : String(value))), [value]);
  const isWrong = parseParam(info, text, shape, build) === null;
  const type = (next: string) => {
    setText(next);
    if (parseParam(info, next, shape, build) !== null) onChange(next);
  };
  return (
    <>
      <input
        id={id}
        class="num"
        type="number"
        min={info.min}
        max={info.max}
        step={info.isWhole ? 1 : 'any'}
        value={text}
        aria-invalid={isWrong}
        aria-describedby={`${id}-about`}
        onInput={(event) => type(event.currentTarget.value)}
        onBlur={() => setText(String(value))}
      />
      {isWrong && (
        <p class="wrong" role="alert">
          Expected {info.isWhole ? 'a whole number' : 'a number'} from {formatCount(info.min)} to {formatCount(info.max)}; {formatCount(value)} stays.
        </p>
      )}
    </>
  );
}
