import { formatBytes, formatCount } from '../../util/format.ts';
import { hashOf } from '../../util/route.ts';
import type { CardProps } from '../dataset.ts';

interface Package {
  readonly name: string;
  readonly text: string;
  readonly section: string;
  readonly installed_kb: number;
  readonly n_depends: number;
  readonly tags: readonly string[];
}

/** Tags that a card shows: a few packages have dozens. */
const SHOWN = 12;

export function PackageCard({ entity, compact = false }: CardProps) {
  const { name, text, section, installed_kb: installed, n_depends: depends, tags } = entity as unknown as Package;
  if (compact) {
    return (
      <span class="card-text">
        <span class="title">{name}</span>
        <span class="snippet">{text}</span>
      </span>
    );
  }
  return (
    <div class="package">
      <h1>{name}</h1>
      <p>{text}</p>
      <p class="hint">
        <a href={hashOf('packages', 'search', new URLSearchParams({ 'f.section': section }))}>{section}</a>, {formatBytes(1024 * installed)} installed,{' '}
        {formatCount(depends)} {depends === 1 ? 'dependency' : 'dependencies'}
      </p>
      {tags.length > 0 && (
        <p class="tags">
          {tags.slice(0, SHOWN).map((tag) => (
            <a key={tag} class="chip" href={hashOf('packages', 'search', new URLSearchParams({ 'f.tags': tag }))}>
              {tag}
            </a>
          ))}
        </p>
      )}
    </div>
  );
}
