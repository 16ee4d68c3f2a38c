/** Which rows match: conditions by controls or by hand, what they find, and how it was found. Its state is in the URL. */
import type { Explanation } from 'elanus';
import type { ComponentType } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { CardProps, Entity, ViewProps } from '../../collections/dataset.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import { readId } from '../../session/rows.ts';
import type { Id } from '../../session/rows.ts';
import { useLoaded } from '../../util/loaded.ts';
import { changeParams, FIRST_VIEW, hashOf } from '../../util/route.ts';
import { useStore } from '../../util/store.ts';
import { Builder } from './builder.tsx';
import { CopyCode } from './copy-code.tsx';
import { Expression } from './expression.tsx';
import { IndexPanel } from './index-panel.tsx';
import { Matches } from './matches.tsx';
import { Plan } from './plan.tsx';
import { usedPlaces } from './scalar-index.ts';
import { readTree, treeParam } from './tree-param.ts';
import type { Group } from './tree.ts';
import { useAnswer } from './use-answer.ts';
import { useSubjects } from './use-subjects.ts';
import type { Known } from './use-subjects.ts';
import { writeText } from './write.ts';
import '../../style/box.css';
import './filter.css';

export function FilterView({ open, params }: ViewProps) {
  const known = useSubjects(open);
  const Card = useLoaded<ComponentType<CardProps>>(open.dataset.loadCard, open.dataset);
  if (known === null || Card === null) return <p class="waiting">Opening…</p>;
  return <Filtering open={open} params={params} known={known} Card={Card} />;
}

function Filtering({ open, params, known, Card }: ViewProps & { readonly known: Known; readonly Card: ComponentType<CardProps> }) {
  const { dataset } = open;
  const { subjects } = known;
  const { rows } = useStore(open.state);
  const treeText = params.get('tree');
  const tree = useMemo(() => readTree(treeText), [treeText]);
  const built = useMemo(() => writeText(tree, subjects), [tree, subjects]);
  const given = params.get('filter') ?? '';
  const isByHand = params.get('by') === 'hand' || (given !== '' && given !== built);
  const text = isByHand ? given : built;
  const near = readId(params.get('near'), dataset.keyType);

  const [round, setRound] = useState(0);
  const [before, setBefore] = useState<{ readonly asked: string; readonly explanation: Explanation } | null>(null);
  const answer = useAnswer(open, text, near, round);
  const { explanation, mistake } = answer;
  const asked = JSON.stringify([text, near]);

  const onTree = (next: Group) => changeParams({ tree: treeParam(next), filter: writeText(next, subjects), by: null }, { replace: true });
  const places = useMemo(() => usedPlaces(isByHand ? null : tree, explanation, subjects), [isByHand, tree, explanation, subjects]);
  const code = { collection: dataset.id, tree: isByHand ? null : tree, text, subjects, near: near === null ? null : { id: near, field: dataset.vector.field } };

  return (
    <div class="filter-view">
      <div class="asking">
        <section class="box" aria-label="Conditions">
          <h2>
            Conditions
            {(text !== '' || tree.parts.length > 0) && (
              <button type="button" class="quiet" onClick={() => changeParams({ tree: null, filter: null, by: null })}>
                Clear
              </button>
            )}
          </h2>
          {isByHand ? (
            <p class="hint">The expression was written by hand, so the builder rests. It goes on from where it was when you go back to it.</p>
          ) : (
            <Builder open={open} known={known} tree={tree} onTree={onTree} />
          )}
        </section>
        <Expression
          text={text}
          mistake={mistake}
          isByHand={isByHand}
          onText={(typed) => changeParams({ filter: typed, by: 'hand' }, { replace: true })}
          onBack={() => changeParams({ filter: built, by: null })}
        />
      </div>
      <div class="found-rows">
        {rows === 0 ? (
          <p class="waiting">Nothing is here yet…</p>
        ) : (
          <Matches
            open={open}
            Card={Card}
            answer={answer}
            near={near}
            onNear={(id) => changeParams({ near: id })}
            onRandom={() => void randomId(open).then((id) => changeParams({ near: id }), (error: unknown) => console.warn('elanus demo:', error))}
          />
        )}
        <CopyCode of={code} />
        {dataset.loadSearch === undefined && text !== '' && mistake === null && (
          <p class="onward">
            <a href={hashOf(dataset.id, FIRST_VIEW, new URLSearchParams({ filter: text }))}>Search within these {dataset.noun.many}</a>
          </p>
        )}
      </div>
      <div class="doing">
        {explanation !== null && mistake === null && <Plan explanation={explanation} before={before?.asked === asked && before.explanation !== explanation ? before.explanation : null} />}
        <IndexPanel open={open} places={places} onBegin={() => explanation !== null && setBefore({ asked, explanation })} onDone={() => setRound((last) => last + 1)} />
      </div>
    </div>
  );
}

/** Rows that a query can leave out at the front. */
const OFFSET_MAX = 16_000;

async function randomId({ collection, dataset, state }: OpenCollection): Promise<Id> {
  const offset = Math.floor(Math.random() * Math.min(OFFSET_MAX, state.get().rows));
  const [row] = (await collection.query({ filter: '', limit: 1, offset, outputFields: [dataset.key] } as never)) as Entity[];
  return row[dataset.key] as Id;
}
