/** A row of whatever a visitor brought: a name where it has one, its text, and its other fields in a small table. Everything is shown as text. */
import type { ComponentType } from 'preact';
import { Snippet } from '../../ui/snippet.tsx';
import type { CardProps, Entity } from '../dataset.ts';
import type { Description } from './description.ts';
import { shownValue } from './shown-value.ts';
import './own-card.css';

/** Fields of a small card. */
const COMPACT_FACTS = 3;
/** Characters of a text that are shown before it is opened. */
const FOLDED_LENGTH = 700;

const cards = new WeakMap<Description, ComponentType<CardProps>>();

/** The card of a collection: the same component every time. */
export function cardOf(description: Description): ComponentType<CardProps> {
  let card = cards.get(description);
  if (card === undefined) {
    card = ({ entity, compact = false }: CardProps) => (compact ? <Compact entity={entity} description={description} /> : <Full entity={entity} description={description} />);
    cards.set(description, card);
  }
  return card;
}

interface Props {
  readonly entity: Entity;
  readonly description: Description;
}

const textIn = (entity: Entity, field: string): string => shownValue(entity[field]).replace(/\s+/g, ' ').trim();

/** Where neither a title nor a text names a row, its key does. */
const hasName = ({ label, texts }: Description): boolean => label !== undefined || texts.length === 0;

function nameOf(entity: Entity, { label, key }: Description): string {
  const name = label === undefined ? '' : textIn(entity, label);
  return name !== '' ? name : `${key} ${shownValue(entity[key])}`;
}

function factsOf(entity: Entity, { facts }: Description): (readonly [title: string, value: string])[] {
  return facts.map(([field, title]) => [title, shownValue(entity[field])] as const).filter(([, value]) => value !== '');
}

function Compact({ entity, description }: Props) {
  const text = description.texts.map((field) => textIn(entity, field)).find((value) => value !== '');
  const facts = factsOf(entity, description).slice(0, COMPACT_FACTS);
  return (
    <span class="card-text">
      {(hasName(description) || text === undefined) && <span class="title">{nameOf(entity, description)}</span>}
      {text !== undefined && <Snippet text={text} />}
      {facts.length > 0 && (
        <span class="card-facts">
          {facts.map(([title, value]) => (
            <span key={title}>
              {title} <b>{value.length > 40 ? `${value.slice(0, 40)}…` : value}</b>
            </span>
          ))}
        </span>
      )}
    </span>
  );
}

function Full({ entity, description }: Props) {
  const facts = factsOf(entity, description);
  return (
    <div class="own-card">
      {hasName(description) && <h1>{nameOf(entity, description)}</h1>}
      {description.texts.map((field) => (
        <Text key={field} text={shownValue(entity[field]).trim()} />
      ))}
      {facts.length > 0 && (
        <dl>
          {facts.map(([title, value]) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function Text({ text }: { text: string }) {
  if (text === '') return null;
  if (text.length <= FOLDED_LENGTH) return <p class="passage">{text}</p>;
  const cut = Math.max(text.lastIndexOf(' ', FOLDED_LENGTH), FOLDED_LENGTH / 2);
  return (
    <details>
      <summary>
        <span class="passage">{text.slice(0, cut)} …</span>
      </summary>
      <p class="passage">{text.slice(cut).trimStart()}</p>
    </details>
  );
}
