import { useId } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { INDEXES } from './indexes.ts';
import type { ParamInfo, Shape } from './param.ts';
import { ParamField } from './param-field.tsx';
import { changed, indexOf, offered, settingOf } from './setting.ts';
import type { Setting, Slot } from './setting.ts';

interface SettingCardProps {
  readonly slot: Slot;
  readonly setting: Setting;
  readonly shape: Shape;
  /** Why the index is the one; undefined where the visitor chose it. */
  readonly why: string | undefined;
  readonly onChange: (setting: Setting) => void;
  /** Takes the slot away; undefined for the first. */
  readonly onRemove?: () => void;
  /** The button and what comes of it. */
  readonly children: ComponentChildren;
}

const GROUPS = [...new Set(INDEXES.map(({ group }) => group))];

/** One setting: the index and its parameters. */
export function SettingCard({ slot, setting, shape, why, onChange, onRemove, children }: SettingCardProps) {
  const id = useId();
  const { info, build, search } = setting;
  const name = slot.toUpperCase();
  const structure = offered(info.build.filter(({ isCode }) => isCode !== true), build, shape);
  const code = offered(info.build.filter(({ isCode }) => isCode === true), build, shape);
  const further = offered(info.search, build, shape);
  const fields = (infos: readonly ParamInfo[]) =>
    infos.map((param) => (
      <ParamField
        key={`${info.type} ${param.name}`}
        info={param}
        value={build[param.name] ?? search[param.name]}
        shape={shape}
        build={build}
        onChange={(text) => onChange(changed(setting, shape, param.name, text))}
      />
    ));
  return (
    <section class={`setting is-${slot}`} aria-label={`Setting ${name}`}>
      <header>
        <h2>
          <span class="slot" aria-hidden="true">
            {name}
          </span>
          <label for={id}>Index</label>
        </h2>
        <select id={id} value={info.type} onChange={(event) => onChange(settingOf(indexOf(event.currentTarget.value)!, shape, () => null))}>
          {GROUPS.map((group) => (
            <optgroup key={group} label={group}>
              {INDEXES.filter((each) => each.group === group).map(({ type }) => (
                <option key={type} value={type}>
                  {type}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
        {onRemove !== undefined && (
          <button type="button" class="remove" aria-label={`Remove setting ${name}`} onClick={onRemove}>
            ×
          </button>
        )}
      </header>
      <p class="hint">{info.about}</p>
      {why !== undefined && <p class="hint">Proposed: {why}.</p>}
      {fields(structure)}
      {code.length > 0 && (
        <fieldset>
          <legend>Code</legend>
          {fields(code)}
        </fieldset>
      )}
      {further.length > 0 && (
        <fieldset>
          <legend>Search</legend>
          {fields(further)}
        </fieldset>
      )}
      {children}
    </section>
  );
}
