/** Where data comes in: dropped, chosen, pasted, or a sample. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { databaseState } from '../../session/database.ts';
import { useStore } from '../../util/store.ts';
import { adding, cancel } from './adding.ts';
import { fileOfText, filesOfInput, filesOfTransfer } from './files.ts';
import { openWhat } from './opening.ts';
import { sampleFile } from './sample-file.ts';

export function BeginPanel() {
  const { phase, name, error } = useStore(adding);
  const { memoryReason } = useStore(databaseState);
  const [isOver, setOver] = useState(false);
  const [text, setText] = useState('');
  const file = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);

  // A paste that no field takes is one of data.
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      if (event.target instanceof HTMLElement && event.target.closest('input, textarea') !== null) return;
      const { clipboardData } = event;
      if (clipboardData === null) return;
      if (clipboardData.files.length > 0) void openWhat(filesOfTransfer(clipboardData));
      else setText(clipboardData.getData('text/plain'));
    };
    document.addEventListener('paste', onPaste);
    return () => document.removeEventListener('paste', onPaste);
  }, []);

  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setOver(false);
    if (event.dataTransfer !== null) void openWhat(filesOfTransfer(event.dataTransfer));
  };
  const onChosen = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    const { files } = input;
    if (files === null || files.length === 0) return;
    void openWhat(() => filesOfInput(files)).then(() => {
      input.value = '';
    });
  };

  if (phase === 'reading') {
    return (
      <section class="panel" aria-busy="true">
        <h1>Reading {name}</h1>
        <p class="soft">Columns and types are found out from the first rows.</p>
        <p class="actions">
          <button type="button" onClick={cancel}>
            Cancel
          </button>
        </p>
      </section>
    );
  }

  return (
    <section class="begin" aria-labelledby="begin-title">
      <div class="lead">
        <h1 id="begin-title">Add your own data</h1>
        <p class="soft">A file becomes a collection in this browser: read, embedded, indexed and {memoryReason === null ? 'kept here' : 'held here until this tab is closed'}. Nothing is uploaded.</p>
      </div>
      {error !== null && (
        <p class="notice" role="alert">
          {error}
        </p>
      )}
      <div class="ways">
        <div class={`drop ${isOver ? 'is-over' : ''}`} onDragOver={(event) => (event.preventDefault(), setOver(true))} onDragLeave={() => setOver(false)} onDrop={onDrop}>
          <Tray />
          <p class="big">Drop a file or a folder here</p>
          <p class="actions">
            <button type="button" class="primary" onClick={() => file.current?.click()}>
              Choose a file
            </button>
            <button type="button" onClick={() => folder.current?.click()}>
              Choose a folder
            </button>
          </p>
          <p class="formats">CSV · TSV · JSON · JSONL · Parquet · Arrow · NumPy · text · Markdown</p>
          <input ref={file} hidden type="file" multiple aria-label="File" onChange={onChosen} />
          <input ref={(input) => ((folder.current = input), input?.setAttribute('webkitdirectory', ''))} hidden type="file" multiple aria-label="Folder" onChange={onChosen} />
        </div>
        <form
          class="paste"
          onSubmit={(event) => {
            event.preventDefault();
            void openWhat(() => [fileOfText(text)]);
          }}
        >
          <label for="pasted">Or paste a text</label>
          <textarea id="pasted" rows={5} spellcheck={false} placeholder="An article, a chapter, notes, or rows of CSV or JSON" value={text} onInput={(event) => setText(event.currentTarget.value)} />
          <p class="actions">
            <button type="submit" disabled={text.trim() === ''}>
              Use this text
            </button>
            <span class="soft">Prose is split into passages.</span>
          </p>
        </form>
      </div>
      <p class="soft">
        Nothing at hand?{' '}
        <button type="button" class="link" onClick={() => void openWhat(async () => [await sampleFile()])}>
          Try a sample: 200 papers as JSONL
        </button>
      </p>
    </section>
  );
}

function Tray() {
  return (
    <svg viewBox="0 0 48 40" width="48" height="40" aria-hidden="true">
      <path fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" d="M6 24v9a3 3 0 0 0 3 3h30a3 3 0 0 0 3-3v-9M24 4v21M16 17l8 8 8-8" />
    </svg>
  );
}
