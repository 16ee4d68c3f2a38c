import type { FieldInfo } from '../../collections/dataset.ts';
import { changeParams } from '../../util/route.ts';
import { useStore, type Store } from '../../util/store.ts';
import type { LayoutName, WorkState } from './map-model.ts';
import type { Tool } from './scatter/scatter.ts';

interface ToolbarProps {
  readonly layout: LayoutName;
  readonly fields: readonly FieldInfo[];
  readonly field: FieldInfo | undefined;
  readonly tool: Tool;
  readonly work: Store<WorkState>;
  readonly canStop: boolean;
  readonly canStart: boolean;
  readonly onTool: (tool: Tool) => void;
  readonly onStop: () => void;
  readonly onStart: () => void;
}

export function Toolbar({ layout, fields, field, tool, work, canStop, canStart, onTool, onStop, onStart }: ToolbarProps) {
  return (
    <div class="toolbar map-toolbar">
      <div class="segmented" role="group" aria-label="Layout">
        <button type="button" aria-pressed={layout === 'pca'} title="The two directions of most variance" onClick={() => changeParams({ layout: 'pca' })}>
          PCA
        </button>
        <button type="button" aria-pressed={layout === 'umap'} title="Near stays near: laid out by the graph of nearest neighbours" onClick={() => changeParams({ layout: null })}>
          UMAP
        </button>
      </div>
      <div class="segmented" role="group" aria-label="What dragging does">
        <button type="button" aria-pressed={tool === 'pan'} onClick={() => onTool('pan')}>
          Move
        </button>
        <button type="button" aria-pressed={tool === 'lasso'} title="Draw around points; Shift does so, too" onClick={() => onTool('lasso')}>
          Lasso
        </button>
      </div>
      {fields.length > 0 && (
        <label class="map-colour">
          <span>Colour</span>
          <select value={field?.name ?? 'none'} onChange={(event) => changeParams({ colour: event.currentTarget.value })}>
            {fields.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
            <option value="none">None</option>
          </select>
        </label>
      )}
      <WorkBar work={work} canStop={canStop} canStart={canStart} onStop={onStop} onStart={onStart} />
    </div>
  );
}

/** What the map is doing, and how far it is. */
function WorkBar({ work: store, canStop, canStart, onStop, onStart }: Pick<ToolbarProps, 'work' | 'canStop' | 'canStart' | 'onStop' | 'onStart'>) {
  const { work } = useStore(store);
  if (work === null) {
    if (!canStart) return null;
    return (
      <div class="map-work">
        <button type="button" onClick={onStart}>
          Start UMAP
        </button>
      </div>
    );
  }
  return (
    <div class="map-work">
      <label>
        <span role="status">{work.label}</span>
        {work.share === null ? <progress /> : <progress max={1} value={work.share} />}
      </label>
      {canStop && (
        <button type="button" onClick={onStop}>
          Stop
        </button>
      )}
    </div>
  );
}
