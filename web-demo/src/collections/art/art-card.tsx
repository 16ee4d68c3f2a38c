import { hashOf } from '../../util/route.ts';
import type { CardProps } from '../dataset.ts';
import './art.css';

interface Work {
  readonly id: number;
  readonly title: string;
  readonly artist: string;
  readonly date: string | null;
  readonly medium: string | null;
  readonly culture: string | null;
  readonly department: string;
  readonly tags: readonly string[];
}

/** Where the museum shows the work and its photo, by the number of the object. */
const pageOf = (id: number): string => `https://www.metmuseum.org/art/collection/search/${id}`;

/** The museum writes `Unknown` where it could leave it out. */
const isNamed = (artist: string): boolean => artist !== '' && artist !== 'Unknown';

export function ArtCard({ entity, compact = false }: CardProps) {
  const { id, title, artist, date, medium, culture, department, tags } = entity as unknown as Work;
  const maker = isNamed(artist) ? artist : culture;
  if (compact) {
    return (
      <span class="card-text">
        <span class="title">{title}</span>
        <span class="snippet">{[maker, date, medium].filter(Boolean).join(' · ')}</span>
      </span>
    );
  }
  return (
    <div class="work">
      <h1>{title}</h1>
      <dl>
        <Fact name="Artist" value={isNamed(artist) ? artist : null} />
        <Fact name="Culture" value={culture} />
        <Fact name="Date" value={date} />
        <Fact name="Medium" value={medium} />
        <Fact name="Department" value={department} />
      </dl>
      {tags.length > 0 && (
        <p class="tags">
          {tags.map((tag) => (
            <a key={tag} class="chip" href={hashOf('art', 'search', new URLSearchParams({ 'f.tags': tag }))}>
              {tag}
            </a>
          ))}
        </p>
      )}
      <p>
        <a href={pageOf(id)} target="_blank" rel="noopener noreferrer">
          See it at the museum
        </a>
      </p>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string | null }) {
  if (value === null || value === '') return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
