import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OpenCollection } from '../../session/open-collection.ts';
import { fieldValues, NO_VALUES } from './field-values.ts';
import type { FieldValues } from './field-values.ts';
import { OPERATORS, operatorsOf, readAs } from './operators.ts';
import type { OperatorId } from './operators.ts';
import { pathText, readPath } from './places.ts';
import type { Subject, ValueKind } from './subject.ts';
import type { Condition } from './tree.ts';
import type { Known } from './use-subjects.ts';
import { ManyValues, OneValue } from './value-input.tsx';
import { isLack, readCondition } from './write.ts';

interface ConditionRowProps {
  readonly open: OpenCollection;
  readonly known: Known;
  readonly condition: Condition;
  /** In words, such as `Condition 2.1`. */
  readonly label: string;
  /** Where it is in the tree, to find it by. */
  readonly at: string;
  readonly onChange: (condition: Condition) => void;
  readonly onRemove: () => void;
}

const KIND_TITLES: Readonly<Record<ValueKind, string>> = { text: 'text', number: 'number', integer: 'whole number', flag: 'true or false' };

/** One condition: what it is about, how it is compared, with what. */
export function ConditionRow({ open, known, condition, label, at, onChange, onRemove }: ConditionRowProps) {
  const subject = known.subjects.find(({ field }) => field === condition.field);
  const read = readCondition(condition, known.subjects);
  const lack = isLack(read) ? read : null;
  return (
    <li class="condition" data-at={at}>
      <PlaceChoice known={known} condition={condition} label={label} onChange={onChange} />
      {subject !== undefined && <Comparison open={open} known={known} subject={subject} condition={condition} label={label} onChange={onChange} />}
      <button type="button" class="icon" aria-label={`${label}: remove`} title="Remove this condition" onClick={onRemove}>
        <span aria-hidden="true">×</span>
      </button>
      {lack !== null && (
        <p class={lack.isMistake ? 'lack is-mistake' : 'lack'} role={lack.isMistake ? 'alert' : undefined}>
          {lack.text}
        </p>
      )}
    </li>
  );
}

/** A new condition about a place: what most would ask of it. */
export function conditionAbout({ subjects, places }: Known, key: string): Condition {
  const [field, ...path] = JSON.parse(key) as [string, ...(string | number)[]];
  const subject = subjects.find((each) => each.field === field)!;
  const place = places[field]?.find((each) => JSON.stringify(each.path) === JSON.stringify(path));
  const as = place?.as ?? 'text';
  const operator = place?.isList ? 'has' : operatorsOf(subject, as, path.length > 0)[0];
  return { kind: 'condition', field, path, as, operator, values: [] };
}

export const keyOf = ({ field, path }: Pick<Condition, 'field' | 'path'>): string => JSON.stringify([field, ...path]);

type PartProps = Pick<ConditionRowProps, 'known' | 'condition' | 'label' | 'onChange'>;

function PlaceChoice({ known, condition, label, onChange }: PartProps) {
  const { subjects, places } = known;
  const subject = subjects.find(({ field }) => field === condition.field);
  const isKnownPlace = condition.path.length > 0 && (places[condition.field] ?? []).some(({ path }) => keyOf({ field: condition.field, path }) === keyOf(condition));
  const chosen = isKnownPlace ? keyOf(condition) : keyOf({ field: condition.field, path: [] });
  return (
    <>
      <select class="place" aria-label={`${label}: field`} value={chosen} onChange={(event) => onChange(conditionAbout(known, event.currentTarget.value))}>
        {subject === undefined && <option value={chosen}>{condition.field}</option>}
        {subjects.filter(({ kind }) => kind !== 'json').map(({ field, title, type }) => (
          <option key={field} value={keyOf({ field, path: [] })} title={type}>
            {title}
          </option>
        ))}
        {subjects.filter(({ kind }) => kind === 'json').map(({ field, title, isDynamic }) => (
          <optgroup key={field} label={isDynamic ? 'keys of the rows' : `in ${title}`}>
            {(places[field] ?? []).map(({ path }) => (
              <option key={pathText(path)} value={keyOf({ field, path })}>
                {isDynamic ? pathText(path) : `${title} › ${pathText(path)}`}
              </option>
            ))}
            <option value={keyOf({ field, path: [] })}>{isDynamic ? 'another key…' : `${title} › a place…`}</option>
          </optgroup>
        ))}
      </select>
      {subject?.kind === 'json' && !isKnownPlace && (
        <input
          type="text"
          class="path"
          aria-label={`${label}: place inside, as in a.b[0]`}
          placeholder="a.b[0]"
          autocomplete="off"
          spellcheck={false}
          value={pathText(condition.path)}
          onInput={(event) => onChange({ ...condition, path: readPath(event.currentTarget.value) })}
        />
      )}
    </>
  );
}

function Comparison({ open, known, subject, condition, label, onChange }: PartProps & { readonly open: OpenCollection; readonly subject: Subject }) {
  const { operator, as, path } = condition;
  const offered = operatorsOf(subject, as, path.length > 0);
  return (
    <>
      {subject.kind === 'json' && (
        <select class="as" aria-label={`${label}: what is there, read as`} value={as} onChange={(event) => onChange(readDifferently(condition, subject, event.currentTarget.value as ValueKind))}>
          {(['text', 'number', 'flag'] as const).map((kind) => (
            <option key={kind} value={kind}>
              {KIND_TITLES[kind]}
            </option>
          ))}
        </select>
      )}
      <select class="operator" aria-label={`${label}: comparison`} value={operator} onChange={(event) => onChange(compareBy(condition, subject, event.currentTarget.value as OperatorId))}>
        {!offered.includes(operator) && <option value={operator}>{OPERATORS[operator].title}</option>}
        {offered.map((id) => (
          <option key={id} value={id}>
            {OPERATORS[id].title}
          </option>
        ))}
      </select>
      <Values open={open} known={known} subject={subject} condition={condition} label={label} onValues={(typed) => onChange({ ...condition, values: typed })} key={keyOf(condition)} />
    </>
  );
}

/** Values of another kind are typed anew. */
function compareBy(condition: Condition, subject: Subject, operator: OperatorId): Condition {
  const keeps = readAs(subject, condition.as, operator) === readAs(subject, condition.as, condition.operator);
  return { ...condition, operator, values: keeps ? condition.values : [] };
}

function readDifferently(condition: Condition, subject: Subject, as: ValueKind): Condition {
  const offered = operatorsOf(subject, as, condition.path.length > 0);
  return { ...condition, as, operator: offered.includes(condition.operator) ? condition.operator : offered[0], values: [] };
}

interface ValuesProps extends Pick<ConditionRowProps, 'open' | 'known' | 'condition' | 'label'> {
  readonly subject: Subject;
  readonly onValues: (values: readonly string[]) => void;
}

function Values({ open, known, subject, condition, label, onValues }: ValuesProps): ComponentChildren {
  const { operator, as, values } = condition;
  const wanted = OPERATORS[operator].values;
  const offered = useValues(open, known, subject, condition);
  if (wanted === 0) return null;
  const kind = readAs(subject, as, operator);
  const isOther = OPERATORS[operator].reads === 'integer';
  const shared = { kind, values: isOther ? NO_VALUES : offered, names: isOther ? undefined : subject.names };
  if (wanted === null) return <ManyValues label={`${label}: values`} {...shared} chosen={values} onChosen={onValues} />;
  if (wanted === 1) return <OneValue label={`${label}: value`} {...shared} value={values[0] ?? ''} onValue={(value) => onValues([value])} />;
  const { range } = offered;
  return (
    <span class="two-values">
      <OneValue label={`${label}: from`} {...shared} placeholder={range?.low ?? 'from'} value={values[0] ?? ''} onValue={(value) => onValues([value, values[1] ?? ''])} />
      <span class="between">and</span>
      <OneValue label={`${label}: to`} {...shared} placeholder={range?.high ?? 'to'} value={values[1] ?? ''} onValue={(value) => onValues([values[0] ?? '', value])} />
    </span>
  );
}

function useValues(open: OpenCollection, { sample }: Known, subject: Subject, { path }: Condition): FieldValues {
  const [values, setValues] = useState(NO_VALUES);
  useEffect(() => {
    let current = true;
    fieldValues(open, subject, path, sample).then(
      (read) => current && setValues(read),
      // They only help: whoever types goes on without.
      () => current && setValues(NO_VALUES),
    );
    return () => {
      current = false;
    };
  }, [open, subject, keyOf({ field: subject.field, path }), sample]);
  return values;
}
