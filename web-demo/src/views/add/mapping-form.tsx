/** What becomes of a file's columns. */
import { MODELS, RUNTIME_BYTES } from '../../collections/own/models.ts';
import { runningModel } from '../../collections/own/running-models.ts';
import { formatBytes, formatCount } from '../../util/format.ts';
import { useStore } from '../../util/store.ts';
import { adding, changeMapping, make, readAs, startOver, takenTitles } from './adding.ts';
import { ROWS_MAX } from './bounds.ts';
import { isText, isVector, mayBeFilter, mayBeKey, typeName } from './column.ts';
import type { ColumnInfo, TableInfo } from './column.ts';
import { Heading } from './heading.tsx';
import { mappingFaults } from './mapping.ts';
import type { Mapping, MappingFaults, Metric } from './mapping.ts';
import { TITLE_LENGTH } from './names.ts';
import { Preview } from './preview.tsx';

const FORMATS: Record<string, string> = { csv: 'CSV', tsv: 'TSV', json: 'JSON', jsonl: 'JSONL', parquet: 'Parquet', arrow: 'Arrow', numpy: 'NumPy', text: 'text' };

export function MappingForm() {
  const { info, mapping, reading, error } = useStore(adding);
  if (info === null || mapping === null) return null;
  const { columns } = info;
  const faults = mappingFaults(mapping, columns, takenTitles());
  const isSound = Object.keys(faults).length === 0;
  const texts = columns.filter(isText);
  const isTable = info.format === 'csv' || info.format === 'tsv';
  return (
    <form
      class="mapping"
      aria-labelledby="mapping-title"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <div class="lead">
        <Heading id="mapping-title">{info.name}</Heading>
        <p class="soft num">
          {[FORMATS[info.format] ?? info.format, formatBytes(info.bytes), info.rows === null ? null : `${formatCount(info.rows)} rows`, `${formatCount(columns.length)} ${columns.length === 1 ? 'column' : 'columns'}`].filter(Boolean).join(' · ')}
        </p>
        <p class="actions">
          {isTable && (
            <label class="check">
              <input type="checkbox" checked={reading.header} onChange={(event) => readAs({ ...reading, header: event.currentTarget.checked })} />
              The first row has the names
            </label>
          )}
          {(isTable || info.format === 'text') && (
            <button type="button" onClick={() => readAs({ ...reading, format: isTable ? 'text' : 'csv' })}>
              {isTable ? 'Read it as plain text' : 'Read it as CSV'}
            </button>
          )}
          {info.format === 'text' && (
            <label class="check">
              <input type="checkbox" checked={reading.split === 'passage'} onChange={(event) => readAs({ ...reading, split: event.currentTarget.checked ? 'passage' : 'file' })} />
              Split into passages
            </label>
          )}
          <button type="button" onClick={() => startOver()}>
            Another file
          </button>
        </p>
      </div>

      <Preview info={info} />

      <div class="settings">
        <div class="column">
          <div class="setting">
            <label for="own-title">Name of the collection</label>
            <input id="own-title" type="text" maxLength={TITLE_LENGTH + 20} value={mapping.title} aria-invalid={faults.title !== undefined} aria-describedby={faults.title === undefined ? undefined : 'own-title-fault'} autocomplete="off" onInput={(event) => changeMapping({ title: event.currentTarget.value })} />
            <Fault id="own-title-fault" words={faults.title} />
          </div>
          <SearchBy mapping={mapping} info={info} texts={texts} faults={faults} />
        </div>
        <div class="column">
          <div class="pair">
            <Choice label="Title of a row" value={mapping.label} none="None" columns={texts} onChange={(label) => changeMapping({ label })} />
            <Choice label="Key" value={mapping.key} none="Count the rows" columns={columns.filter(mayBeKey)} onChange={(key) => changeMapping({ key })} />
          </div>
          <Fault words={faults.key} />
          <Columns mapping={mapping} columns={columns} />
          <Fault words={faults.kept} />
        </div>
      </div>

      {error !== null && (
        <div class="notice" role="alert">
          <p>{error}</p>
          {mapping.from === 'text' && mapping.embedder !== 'latent' && (
            <p class="actions">
              <button type="button" onClick={() => changeMapping({ embedder: 'latent' })}>
                Use the latent space
              </button>
            </p>
          )}
        </div>
      )}
      <p class="submit actions">
        <button type="submit" class="primary" disabled={!isSound}>
          {submitLabel(mapping, info)}
        </button>
        {info.rows !== null && info.rows > ROWS_MAX && (
          <span class="soft">
            Of {formatCount(info.rows)} rows the first {formatCount(ROWS_MAX)} are taken.
          </span>
        )}
      </p>
    </form>
  );
}

function submitLabel(mapping: Mapping, { rows }: TableInfo): string {
  const what = rows === null ? 'Add the rows' : `Add ${formatCount(Math.min(rows, ROWS_MAX))} ${rows === 1 ? 'row' : 'rows'}`;
  if (mapping.from === 'column' || mapping.embedder === 'latent') return what;
  const model = runningModel(mapping.embedder);
  return model.state.get().phase === 'ready' ? what : `Fetch the model (${formatBytes(model.bytes)}) and ${what.charAt(0).toLowerCase()}${what.slice(1)}`;
}

function Fault({ id, words }: { id?: string; words: string | undefined }) {
  if (words === undefined) return null;
  return (
    <p id={id} class="fault" role="alert">
      {words}
    </p>
  );
}

function Choice({ label, value, none, columns, onChange }: { label: string; value: string | null; none: string; columns: readonly ColumnInfo[]; onChange: (name: string | null) => void }) {
  return (
    <label class="setting">
      <span>{label}</span>
      <select aria-label={label} value={value === null ? '' : `=${value}`} onChange={(event) => onChange(event.currentTarget.value === '' ? null : event.currentTarget.value.slice(1))}>
        <option value="">{none}</option>
        {columns.map(({ name }) => (
          <option key={name} value={`=${name}`}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

interface SearchByProps {
  readonly mapping: Mapping;
  readonly info: TableInfo;
  readonly texts: readonly ColumnInfo[];
  readonly faults: MappingFaults;
}

/** What makes two rows alike: texts that are embedded here, or vectors that the file has. */
function SearchBy({ mapping, info, texts, faults }: SearchByProps) {
  const vectors = info.columns.filter(isVector);
  return (
    <fieldset class="setting">
      <legend>Search by</legend>
      {vectors.length > 0 && (
        <div class="segmented">
          {(['column', 'text'] as const).map((from) => (
            <button key={from} type="button" aria-pressed={mapping.from === from} disabled={from === 'text' && texts.length === 0} onClick={() => changeMapping({ from, vector: mapping.vector ?? vectors[0].name })}>
              {from === 'column' ? 'Vectors of the file' : 'Text, embedded here'}
            </button>
          ))}
        </div>
      )}
      {mapping.from === 'column' ? (
        <div class="pair">
          <label class="setting">
            <span>Column of vectors</span>
            <select value={mapping.vector ?? ''} onChange={(event) => changeMapping({ vector: event.currentTarget.value })}>
              {vectors.map((column) => (
                <option key={column.name} value={column.name}>
                  {column.name}, {typeName(column)}
                </option>
              ))}
            </select>
          </label>
          <label class="setting">
            <span>Compare by</span>
            <select value={mapping.metric} onChange={(event) => changeMapping({ metric: event.currentTarget.value as Metric })}>
              <option value="COSINE">Angle (COSINE)</option>
              <option value="L2">Distance (L2)</option>
              <option value="IP">Inner product (IP)</option>
            </select>
          </label>
        </div>
      ) : (
        <>
          <div class="pills" role="group" aria-label="Columns of text to search by">
            {texts.map(({ name }) => (
              <label key={name} class="pill">
                <input
                  type="checkbox"
                  checked={mapping.embedded.includes(name)}
                  onChange={(event) => changeMapping({ embedded: texts.map((text) => text.name).filter((other) => (other === name ? event.currentTarget.checked : mapping.embedded.includes(other))) })}
                />
                {name}
              </label>
            ))}
          </div>
          <Fault words={faults.embedded} />
          <div class="embedders" role="radiogroup" aria-label="What turns text into vectors">
            <Embedder id="latent" mapping={mapping} title="Latent space" size="nothing is fetched">
              Worked out at once, in this tab, from which words of this very text occur together.
            </Embedder>
            {MODELS.map((model) => (
              <Embedder key={model.id} id={model.id} mapping={mapping} title={model.title} size={`fetches ${formatBytes(model.bytes + RUNTIME_BYTES)}`}>
                A language model: {model.about}. It comes from huggingface.co, its program from cdn.jsdelivr.net; your text stays here.
              </Embedder>
            ))}
          </div>
        </>
      )}
      <Fault words={faults.vector} />
    </fieldset>
  );
}

function Embedder({ id, mapping, title, size, children }: { id: string; mapping: Mapping; title: string; size: string; children: preact.ComponentChildren }) {
  return (
    <label class="embedder">
      <input type="radio" name="embedder" checked={mapping.embedder === id} onChange={() => changeMapping({ embedder: id })} />
      <span>
        <b>{title}</b> <span class="size">{size}</span>
        <span class="words">{children}</span>
      </span>
    </label>
  );
}

/** Which columns are taken along, and which of them one filters by. */
function Columns({ mapping, columns }: { mapping: Mapping; columns: readonly ColumnInfo[] }) {
  const needed = new Set([mapping.key, mapping.label, ...(mapping.from === 'column' ? [mapping.vector] : mapping.embedded)]);
  const changed = (list: readonly string[], name: string, isIn: boolean) => columns.map((column) => column.name).filter((other) => (other === name ? isIn : list.includes(other)));
  return (
    <div class="columns" tabIndex={0} role="region" aria-label="Columns">
      <table>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Filter by it</th>
            <th scope="col">Keep</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column) => {
            const { name } = column;
            const isKept = mapping.kept.includes(name) || needed.has(name);
            return (
              <tr key={name}>
                <th scope="row">
                  {name} <span class="type">{typeName(column)}</span>
                </th>
                <td>
                  {mayBeFilter(column) && name !== mapping.key && (
                    <input type="checkbox" aria-label={`Filter by ${name}`} checked={isKept && mapping.filters.includes(name)} disabled={!isKept} onChange={(event) => changeMapping({ filters: changed(mapping.filters, name, event.currentTarget.checked) })} />
                  )}
                </td>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Keep ${name}`}
                    checked={isKept}
                    disabled={needed.has(name)}
                    onChange={(event) => {
                      const isIn = event.currentTarget.checked;
                      changeMapping({ kept: changed(mapping.kept, name, isIn), ...(isIn ? {} : { filters: mapping.filters.filter((other) => other !== name) }) });
                    }}
                  />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
