import { useEffect, useRef } from 'preact/hooks';
import type { OpenCollection } from '../../session/open-collection.ts';
import { conditionAbout, ConditionRow, keyOf } from './condition-row.tsx';
import { addTo, MAX_DEPTH, MAX_PARTS, partsIn, replaceAt } from './tree.ts';
import type { At, Group, Join } from './tree.ts';
import type { Known } from './use-subjects.ts';

const JOINS: Readonly<Record<Join, string>> = { all: 'all of these', any: 'any of these', none: 'none of these', 'some-not': 'not all of these' };

interface BuilderProps {
  readonly open: OpenCollection;
  readonly known: Known;
  readonly tree: Group;
  readonly onTree: (tree: Group) => void;
}

/** Conditions in rows and groups. Everything is a control of the platform: the keyboard goes through them in order. */
export function Builder({ open, known, tree, onTree }: BuilderProps) {
  const root = useRef<HTMLDivElement>(null);
  // Where the focus goes once the tree is drawn: to what was added, or beside what was taken away.
  const focusNext = useRef<string | null>(null);
  useEffect(() => {
    if (focusNext.current === null) return;
    root.current?.querySelector<HTMLElement>(focusNext.current)?.focus();
    focusNext.current = null;
  }, [tree]);
  const edit: Edit = (next, focus) => {
    focusNext.current = focus ?? null;
    onTree(next);
  };
  return (
    <div class="builder" ref={root}>
      <GroupBox open={open} known={known} tree={tree} group={tree} at={[]} edit={edit} isFull={partsIn(tree) >= MAX_PARTS} />
    </div>
  );
}

type Edit = (tree: Group, focus?: string) => void;

interface GroupBoxProps extends Omit<BuilderProps, 'onTree'> {
  readonly group: Group;
  readonly at: At;
  readonly edit: Edit;
  readonly isFull: boolean;
}

/** Positions as people count. */
const labelOf = (word: string, at: At): string => (at.length === 0 ? word : `${word} ${at.map((i) => i + 1).join('.')}`);
const idOf = (at: At): string => (at.length === 0 ? 'root' : at.join('.'));

function GroupBox({ group, at, ...shared }: GroupBoxProps) {
  const { open, known, tree, edit, isFull } = shared;
  const label = labelOf('Group', at);
  const id = idOf(at);
  const own = `[data-group="${id}"]`;
  const firstKey = (): string => {
    const { subjects, places } = known;
    const subject = subjects.find(({ field, kind }) => field !== open.dataset.key && kind !== 'json') ?? subjects[0];
    return keyOf({ field: subject.field, path: subject.isDynamic ? (places[subject.field]?.[0]?.path ?? []) : [] });
  };
  return (
    <fieldset class="group" data-group={id}>
      <legend>
        {at.length === 0 ? 'Rows with ' : ''}
        <select aria-label={`${label}: how its conditions are joined`} value={group.join} onChange={(event) => edit(replaceAt(tree, at, { ...group, join: event.currentTarget.value as Join }))}>
          {Object.entries(JOINS).map(([join, title]) => (
            <option key={join} value={join}>
              {title}
            </option>
          ))}
        </select>
        {at.length > 0 && (
          <button type="button" class="icon" aria-label={`${label}: remove`} title="Remove this group" onClick={() => edit(replaceAt(tree, at, null), `[data-group="${idOf(at.slice(0, -1))}"] > .adders button`)}>
            <span aria-hidden="true">×</span>
          </button>
        )}
      </legend>
      <ul>
        {group.parts.map((part, i) => {
          const here = [...at, i];
          if (part.kind === 'group') {
            return (
              <li key={i} class="inner">
                <GroupBox {...shared} group={part} at={here} />
              </li>
            );
          }
          return (
            <ConditionRow
              key={i}
              open={open}
              known={known}
              condition={part}
              label={labelOf('Condition', here)}
              at={idOf(here)}
              onChange={(condition) => edit(replaceAt(tree, here, condition))}
              onRemove={() => edit(replaceAt(tree, here, null), `${own} > .adders button`)}
            />
          );
        })}
      </ul>
      <p class="adders">
        <button type="button" disabled={isFull} onClick={() => edit(addTo(tree, at, conditionAbout(known, firstKey())), `[data-at="${idOf([...at, group.parts.length])}"] select`)}>
          Add a condition
        </button>
        {at.length < MAX_DEPTH - 1 && (
          <button
            type="button"
            disabled={isFull}
            onClick={() => edit(addTo(tree, at, { kind: 'group', join: group.join === 'any' ? 'all' : 'any', parts: [conditionAbout(known, firstKey())] }), `[data-at="${idOf([...at, group.parts.length, 0])}"] select`)}
          >
            Add a group
          </button>
        )}
      </p>
    </fieldset>
  );
}
