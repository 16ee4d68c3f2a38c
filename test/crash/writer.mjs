/**
 * A process to be killed: opens the database in argv[2] and writes for ever, telling its parent on stdout what has been
 * acknowledged. Batch b holds keys b * 10 .. b * 10 + 9, all with the label `batch b`, in the partition `p<b % 3>`. Of every seventh batch
 * the first key is deleted, every fifth is upserted with the label `batch b again` (every tenth by that field alone); every 15th asks for a
 * flush, every 25th for a compaction, every 40th for an index.
 */
import { connect, defineSchema } from '../../dist/node.js';

const [, , folder, firstBatch] = process.argv;
const DIM = 256;

const schema = defineSchema({
  fields: {
    key: { type: 'Int64', primaryKey: true },
    label: { type: 'VarChar', maxLength: 64 },
    vector: { type: 'FloatVector', dim: DIM },
  },
});
const db = await connect(`file:${folder}`, { durability: 'strict' });
const rows = await db.createCollection('c', schema, { ifNotExists: true });
const say = (line) => process.stdout.write(`${line}\n`);
for (const name of ['p0', 'p1', 'p2']) if (!(await rows.hasPartition(name))) await rows.createPartition(name);
say('open');

for (let batch = Number(firstBatch); ; batch++) {
  const keys = Array.from({ length: 10 }, (_, i) => batch * 10 + i);
  const whole = (label) => keys.map((key) => ({ key, label, vector: Float32Array.from({ length: DIM }, (_, i) => Math.sin(key * 31 + i)) }));
  const partition = `p${batch % 3}`;
  const behind = (work) => work.catch((error) => say(`error ${error.code} ${error.stack.replaceAll('\n', ' ')}`));
  say(`try ${batch}`);
  await rows.insert(whole(`batch ${batch}`), { partition });
  say(`ack ${batch}`);
  if (batch % 5 === 0) {
    const label = `batch ${batch} again`;
    say(`tryupsert ${batch}`);
    await (batch % 10 === 0 ? rows.upsert(keys.map((key) => ({ key, label })), { partial: true }) : rows.upsert(whole(label), { partition }));
    say(`ackupsert ${batch}`);
  }
  if (batch % 7 === 0) {
    say(`trydelete ${batch * 10}`);
    await rows.delete({ ids: [batch * 10] });
    say(`ackdelete ${batch * 10}`);
  }
  if (batch % 15 === 0) behind(rows.flush());
  if (batch % 25 === 0) behind(rows.compact());
  if (batch % 40 === 0) behind(rows.createIndex('vector', { type: 'HNSW_SQ', metric: 'L2', params: { M: 8, efConstruction: 40 } }, { wait: false }));
}
