/**
 * A process to be killed: opens the database in argv[2] and writes for ever, telling its parent on stdout what has been
 * acknowledged. Batch b holds keys b * 10 .. b * 10 + 9, all with the label `batch b`; every seventh batch's successor
 * deletes the first key of it; every 15th asks for a flush, every 40th for an index.
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
say('open');

for (let batch = Number(firstBatch); ; batch++) {
  const keys = Array.from({ length: 10 }, (_, i) => batch * 10 + i);
  say(`try ${batch}`);
  await rows.insert(keys.map((key) => ({ key, label: `batch ${batch}`, vector: Float32Array.from({ length: DIM }, (_, i) => Math.sin(key * 31 + i)) })));
  say(`ack ${batch}`);
  if (batch % 7 === 0) {
    say(`trydelete ${batch * 10}`);
    await rows.delete({ ids: [batch * 10] });
    say(`ackdelete ${batch * 10}`);
  }
  if (batch % 15 === 0) rows.flush().catch((error) => say(`error ${error.code} ${error.stack.replaceAll("\n", " ")}`));
  if (batch % 40 === 0) rows.createIndex('vector', { type: 'HNSW_SQ', metric: 'L2', params: { M: 8, efConstruction: 40 } }, { wait: false }).catch((error) => say(`error ${error.code} ${error.stack.replaceAll("\n", " ")}`));
}
