/** The collections that the visitor made: opened, written to a file, deleted. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Description } from '../../collections/own/description.ts';
import { modelOf } from '../../collections/own/models.ts';
import { own } from '../../collections/own/own.ts';
import { formatCount } from '../../util/format.ts';
import { hashOf } from '../../util/route.ts';
import { useStore } from '../../util/store.ts';
import { discard, goOn, inWords } from './adding.ts';
import { EXPORTS, exportOwn } from './export.ts';
import type { ExportKind } from './export.ts';
import { filesOfInput } from './files.ts';

export function OwnList() {
  const { whole, unfinished } = useStore(own);
  if (whole.length + unfinished.length === 0) return null;
  return (
    <section class="own-list" aria-labelledby="own-list-title">
      <h2 id="own-list-title">Your collections</h2>
      <ul>
        {whole.map((description) => (
          <Whole key={description.id} description={description} />
        ))}
        {unfinished.map((description) => (
          <Unfinished key={description.id} description={description} />
        ))}
      </ul>
    </section>
  );
}

function madeBy({ embedder, vector }: Description): string {
  if (embedder.kind === 'latent') return `latent space of ${embedder.dim} dimensions`;
  if (embedder.kind === 'model') return modelOf(embedder.id)?.title ?? embedder.id;
  return `its own vectors of ${vector.dim} dimensions`;
}

function Whole({ description }: { description: Description }) {
  const { id, title, rows, source } = description;
  const [format, setFormat] = useState<ExportKind>('csv');
  const [withVectors, setWithVectors] = useState(false);
  const [said, setSaid] = useState<string | null>(null);
  const save = () => {
    setSaid('Writing the file…');
    exportOwn(description, format, withVectors).then(
      ({ name }) => setSaid(`Saved as ${name}`),
      (error: unknown) => setSaid(inWords(error)),
    );
  };
  return (
    <li>
      <div class="what">
        <a href={hashOf(id, 'search')}>{title}</a>
        <span class="soft num">
          {formatCount(rows)} {rows === 1 ? 'row' : 'rows'} · {madeBy(description)} · from {source.name}
        </span>
      </div>
      <div class="do">
        <select aria-label={`Format to save ${title} in`} value={format} onChange={(event) => setFormat(event.currentTarget.value as ExportKind)}>
          {EXPORTS.map(({ kind, title: name }) => (
            <option key={kind} value={kind}>
              {name}
            </option>
          ))}
        </select>
        {format !== 'numpy' && (
          <label class="check">
            <input type="checkbox" checked={withVectors} onChange={(event) => setWithVectors(event.currentTarget.checked)} />
            with vectors
          </label>
        )}
        <button type="button" onClick={save} aria-label={`Save ${title} as a file`}>
          Save
        </button>
        <Delete description={description} label="Delete" />
      </div>
      <p class="said" role="status">
        {said}
      </p>
    </li>
  );
}

function Unfinished({ description }: { description: Description }) {
  const { title, source } = description;
  const file = useRef<HTMLInputElement>(null);
  return (
    <li class="is-unfinished">
      <div class="what">
        <span>{title}</span>
        <span class="soft">Not complete. To go on, choose {source.name} again.</span>
      </div>
      <div class="do">
        <button type="button" aria-label={`Go on with ${title}`} onClick={() => file.current?.click()}>
          Go on
        </button>
        <Delete description={description} label="Remove" />
        <input
          ref={file}
          hidden
          type="file"
          multiple
          aria-label={`File to go on with ${title}`}
          onChange={(event) => {
            const { files } = event.currentTarget;
            if (files !== null && files.length > 0) void goOn(description, filesOfInput(files));
          }}
        />
      </div>
    </li>
  );
}

/** Asks before it deletes. */
function Delete({ description, label }: { description: Description; label: string }) {
  const [isAsking, setAsking] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const wasAsking = useRef(false);
  useEffect(() => {
    if (!isAsking && wasAsking.current) first.current?.focus();
    wasAsking.current = isAsking;
  }, [isAsking]);
  if (!isAsking) {
    return (
      <button type="button" ref={first} aria-label={`${label} ${description.title}`} onClick={() => setAsking(true)}>
        {label}
      </button>
    );
  }
  return (
    <span class="ask" role="group" aria-label={`${label} ${description.title}?`} onKeyDown={(event) => event.key === 'Escape' && setAsking(false)}>
      <span>For good?</span>
      <button type="button" class="primary" ref={(button) => button?.focus()} onClick={() => void discard(description).then(() => document.getElementById('main')?.focus({ preventScroll: true }))}>
        {label}
      </button>
      <button type="button" onClick={() => setAsking(false)}>
        Keep
      </button>
    </span>
  );
}
