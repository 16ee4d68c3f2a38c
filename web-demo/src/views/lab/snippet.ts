/** The code that does what the lab did: a whole program, for Node or a page. */
import type { Metric } from '../../measure/truth.ts';
import { K } from '../../measure/truth.ts';
import type { Params } from './param.ts';
import type { Setting } from './setting.ts';

/** Longer ones are broken. */
const WIDTH = 80;

interface SnippetQuestion {
  readonly setting: Setting;
  readonly metric: Metric;
  readonly rows: number;
  readonly dim: number;
  /** Search parameters; null: those that the library takes without any. */
  readonly params: Params | null;
}

export function snippetOf({ setting, metric, rows, dim, params }: SnippetQuestion): string {
  const { info, build } = setting;
  const search = params ?? setting.search;
  const parts = [`type: '${info.type}'`, `metric: '${metric}'`, ...(isEmpty(build) ? [] : [`params: ${literal(build)}`])];
  const line = `{ ${parts.join(', ')} }`;
  const index = line.length <= WIDTH ? line : `{\n  ${parts.join(',\n  ')},\n}`;
  return `import { connect, defineSchema } from 'elanus';

// 'idb:my-app' keeps it in a browser, 'file:./my-app' in Node.
const db = await connect('memory:');
const items = await db.createCollection(
  'items',
  defineSchema({
    fields: {
      id: { type: 'Int64', primaryKey: true, as: 'number' },
      vector: { type: 'FloatVector', dim: ${dim} },
    },
  }),
);

// Put your own here: ${dim} numbers a row, one row behind the other.
const rows = ${rows};
const vectors = Float32Array.from({ length: rows * ${dim} }, () => Math.random() - 0.5);
await items.insert({ id: Array.from({ length: rows }, (_, i) => i), vector: vectors });

await items.createIndex('vector', ${index});

const hits = await items.search({
  vector: vectors.subarray(0, ${dim}),
  limit: ${K},${isEmpty(search) ? '' : `\n  params: ${literal(search)},`}
});
console.log(hits.map(({ id, score }) => \`\${id}: \${score}\`).join('\\n'));

await db.close();
`;
}

const isEmpty = (params: Params): boolean => Object.keys(params).length === 0;

const literal = (params: Params): string => `{ ${Object.entries(params).map(([name, value]) => `${name}: ${typeof value === 'string' ? `'${value}'` : value}`).join(', ')} }`;
