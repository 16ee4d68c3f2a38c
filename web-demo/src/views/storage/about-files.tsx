import type { Collection, IndexDescription, PartitionInfo, ScalarIndexDescription } from 'elanus';
import { useEffect, useState } from 'preact/hooks';
import { formatCount, formatShare } from '../../util/format.ts';

interface About {
  readonly indexes: readonly (IndexDescription | ScalarIndexDescription)[];
  readonly partitions: readonly PartitionInfo[];
}

/** Indexes with what they serve, and partitions where there are some. */
export function AboutFiles({ collection, looks }: { collection: Collection; looks: number }) {
  const [about, setAbout] = useState<About>({ indexes: [], partitions: [] });
  useEffect(() => {
    let current = true;
    Promise.all([collection.listIndexes(), collection.listPartitions()]).then(
      ([indexes, partitions]) => current && setAbout({ indexes, partitions }),
      // It may be gone by now: then the next look says so.
      () => {},
    );
    return () => {
      current = false;
    };
  }, [collection, looks]);
  const { indexes, partitions } = about;
  return (
    <dl class="facts">
      {indexes.map((index) => (
        <div key={'name' in index ? `${index.field} ${index.name}` : index.field}>
          <dt>Index of {'name' in index ? index.name : index.field}</dt>
          <dd class="num">{indexText(index)}</dd>
        </div>
      ))}
      {partitions.length > 1 && (
        <div>
          <dt>Partitions</dt>
          <dd class="num">{partitions.map(({ name, rows }) => `${name}: ${formatCount(rows)}`).join(', ')}</dd>
        </div>
      )}
    </dl>
  );
}

const STATES = { none: 'not built yet', building: 'being built', finished: 'built', failed: 'failed' } as const;

function indexText({ spec, state, indexedRows, totalRows, serving }: IndexDescription | ScalarIndexDescription): string {
  const scanned = serving.filter(({ type }) => type === 'FLAT' || type === 'scan').reduce((sum, { rows }) => sum + rows, 0);
  const done = state === 'building' && totalRows > 0 ? `, ${formatShare(indexedRows / totalRows)}` : '';
  return `${spec.type}, ${STATES[state]}${done}${scanned > 0 && spec.type !== 'FLAT' ? `; ${formatCount(scanned)} rows are scanned` : ''}`;
}
