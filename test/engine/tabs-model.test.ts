/**
 * Several tabs at once against one Map: random writes to two partitions, seals, merges, indexes, snapshots, reads of the past, deaths, frosts and arrivals, while every call of a tab to the
 * medium is reached and answered late by chance, so that those of different tabs interleave. What holds meanwhile: a tab sees its own
 * writes, a strong read all that was acknowledged, nobody half of a batch. At the end all see what the log says, and so does who opens
 * the database anew. `SEEDS` runs more of them; a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import { columnKeys } from '../../src/schema/keys.ts';
import { DIM, fieldId, insertRows, openTestEngine, testSchema, type TestEngine } from './harness.ts';
import { openTab, SharedMemoryMedium, type SharedTab } from '../support/shared-memory.ts';
import { random } from '../support/random.ts';
import { until } from '../support/until.ts';

const SEEDS = Number(process.env.SEEDS ?? 30);
const FIRST = Number(process.env.SEED ?? 1);
const schema = testSchema('Int64');
const [keyField, labelField, vectorField] = ['key', 'label', 'vector'].map((name) => fieldId(schema, name));
/** Keys of a pair are always written together, with one label: so half of a batch would show. */
const PAIRS = 40;
const MATE = 1_000;

describe('several tabs against a plain map', () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    it(`seed ${seed}`, async () => {
      await run(seed);
    });
  }
});

interface Open extends TestEngine {
  readonly tab: SharedTab;
  readonly name: string;
  isFrozen: boolean;
  isDead: boolean;
  /** Resolves with its death. */
  readonly death: Promise<void>;
  die(): void;
}

/** An acknowledged write. A label of null: deleted. */
interface Write {
  readonly timestamp: bigint;
  readonly labels: ReadonlyMap<number, string | null>;
}

async function run(seed: number): Promise<void> {
  const next = random(seed);
  const int = (bound: number): number => Math.floor(next() * bound);
  const medium = new SharedMemoryMedium();
  /** Mostly nothing, at times a turn of the event loop or a few, seldom some milliseconds. */
  let isCalm = false;
  const delay = async (): Promise<void> => {
    if (isCalm) return;
    const what = next();
    if (what < 0.5) return;
    if (what < 0.97) for (let turns = int(4); turns >= 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    else await new Promise((resolve) => setTimeout(resolve, int(4)));
    if (what > 0.6 && what < 0.62) medium.now++;
  };
  const tabs: Open[] = [];
  let names = 0;
  const open = async (): Promise<Open> => {
    const tab = openTab(medium, delay);
    const engine = await openTestEngine(tab.store, {}, {}, { silenceMs: 60 });
    let onDeath!: () => void;
    const death = new Promise<void>((resolve) => (onDeath = resolve));
    const opened: Open = {
      ...engine,
      tab,
      name: `tab ${++names}`,
      isFrozen: false,
      isDead: false,
      death,
      die() {
        opened.isDead = true;
        tab.kill();
        onDeath();
      },
    };
    await opened.client.createCollection({ name: 'c', schema, ifNotExists: true });
    tabs.push(opened);
    return opened;
  };
  const first = await open();
  const { collectionId } = await first.client.describeCollection({ name: 'c' });
  await first.client.createPartition({ collectionId, name: 'other' });
  await Promise.all([open(), open()]);

  const acknowledged: Write[] = [];
  let writes = 0;
  let snapshots = 0;

  const labelsNow = (upTo: readonly Write[]): Map<number, Write> => {
    const now = new Map<number, Write>();
    for (const write of upTo) for (const pair of write.labels.keys()) if (!now.has(pair) || now.get(pair)!.timestamp < write.timestamp) now.set(pair, write);
    return now;
  };

  const read = async (client: EngineClient, consistency: 'Strong' | 'Session', pairs: readonly number[], of: { readonly collectionId: number; readonly at?: bigint } = { collectionId }): Promise<Map<number, string | null>> => {
    const keys = BigInt64Array.from(pairs.flatMap((pair) => [BigInt(pair), BigInt(pair + MATE)]));
    const { found, entities } = await client.get({ ...of, keys, outputFieldIds: [keyField, labelField, vectorField], consistency });
    const labels = new Map<number, string | null>();
    pairs.forEach((pair, i) => {
      const [a, b] = [found[2 * i], found[2 * i + 1]];
      expect(a >= 0, `both rows of pair ${pair} or none`).toBe(b >= 0);
      if (a < 0) return labels.set(pair, null);
      expect(columnKeys(entities.columns[0])[a]).toBe(BigInt(pair));
      const label = valueAt(entities.columns[1], a) as string;
      expect(valueAt(entities.columns[1], b), `one label of pair ${pair}`).toBe(label);
      expect(valueAt(entities.columns[2], a)).toEqual(vectorOf(label));
      labels.set(pair, label);
    });
    return labels;
  };

  /** Sees at least these writes: what it shows was not older than they are. */
  const expectSeen = (labels: ReadonlyMap<number, string | null>, known: readonly Write[], who: string): void => {
    const now = labelsNow(known);
    for (const [pair, label] of labels) {
      const least = now.get(pair);
      if (!least || least.labels.get(pair) === label) continue;
      // Then a later write is what it shows; the write may not be acknowledged yet.
      const shown = label === null ? acknowledged.some((write) => write.labels.get(pair) === null && write.timestamp > least.timestamp) || pendingDeletes.has(pair) : Number(label.split(' ')[1]) > Number([...least.labels.values()].find((l) => l !== null)?.split(' ')[1] ?? 0) || acknowledged.some((write) => write.labels.get(pair) === label && write.timestamp > least.timestamp) || pendingLabels.has(label);
      expect(shown, `${who} sees of pair ${pair} "${label}", which is older than "${least.labels.get(pair)}"`).toBe(true);
    }
  };
  const pendingDeletes = new Map<number, number>();
  const pendingLabels = new Set<string>();

  const samplePairs = (count: number): number[] => [...new Set(Array.from({ length: count }, () => int(PAIRS)))];

  const write = async (open: Open): Promise<void> => {
    const pairs = samplePairs(1 + int(6));
    const isDelete = next() < 0.3;
    const label = `write ${++writes} of ${open.name}`;
    const labels = new Map(pairs.map((pair) => [pair, isDelete ? null : label]));
    if (isDelete) for (const pair of pairs) pendingDeletes.set(pair, (pendingDeletes.get(pair) ?? 0) + 1);
    else pendingLabels.add(label);
    const reply = isDelete
      ? await open.client.delete({ collectionId, keys: BigInt64Array.from(pairs.flatMap((pair) => [BigInt(pair), BigInt(pair + MATE)])) })
      : await insertRows(open.client, collectionId, schema, pairs.flatMap((pair) => [pair, pair + MATE].map((key) => ({ key: BigInt(key), label, vector: vectorOf(label) }))), next() < 0.3 ? 'other' : undefined);
    const done = { timestamp: reply.timestamp, labels };
    acknowledged.push(done);
    expectSeen(await read(open.client, 'Session', pairs), [done], `${open.name}, which wrote it,`);
  };

  const step = async (open: Open): Promise<void> => {
    const what = next();
    if (what < 0.55) await write(open);
    else if (what < 0.7) {
      const known = [...acknowledged];
      expectSeen(await read(open.client, 'Strong', samplePairs(10)), known, `${open.name}, strongly,`);
    } else if (what < 0.8) await read(open.client, 'Session', samplePairs(10));
    else if (what < 0.85) await search(open);
    else if (what < 0.89) await past(open);
    else if (what < 0.92) await open.client.flush({ collectionId });
    else if (what < 0.94) await open.client.compact({ collectionId });
    else if (what < 0.96) await snapshot(open);
    else await open.client.createIndex({ collectionId, fieldId: vectorField, spec: { type: next() < 0.5 ? 'FLAT' : 'HNSW', metric: 'L2' }, wait: true }).catch((error: { code?: string }) => {
      // Another tab has asked for another one.
      if (error.code !== 'ABORTED') throw error;
    });
  };

  /** What is read of a moment is what was acknowledged before it, again and again. */
  const past = async ({ client, name }: Open): Promise<void> => {
    const known = [...acknowledged];
    const at = await client.now();
    const pairs = samplePairs(10);
    const labels = await read(client, 'Strong', pairs, { collectionId, at });
    expectSeen(labels, known, `${name}, at ${at},`);
    expect(await read(client, 'Session', pairs, { collectionId, at }), `${name}, at ${at}, again`).toEqual(labels);
  };

  /** A snapshot holds what was acknowledged before it was asked for, and stays. */
  const snapshot = async ({ client, name }: Open): Promise<void> => {
    const known = [...acknowledged];
    const taken = `s${++snapshots}`;
    // A request whose answer was lost with the tab that served it is made again.
    await client.createSnapshot({ collectionId, name: taken }).catch(expecting('ALREADY_EXISTS'));
    const { collectionId: opened } = await client.openSnapshot({ name: taken });
    const pairs = samplePairs(10);
    const labels = await read(client, 'Session', pairs, { collectionId: opened });
    expectSeen(labels, known, `${name}, in the snapshot ${taken},`);
    expect(await read(client, 'Session', pairs, { collectionId: opened })).toEqual(labels);
    await client.dropSnapshot({ name: taken }).catch(expecting('NOT_FOUND'));
  };

  const search = async ({ client }: Open): Promise<void> => {
    const reply = await client.search({ collectionId, fieldId: vectorField, queries: vectorOf('write 1'), nq: 1, limit: 2 * PAIRS, offset: 0, outputFieldIds: [labelField] });
    // Whoever is found is found with its mate, and once.
    const seen = new Map([...reply.keys].map((key, i) => [Number(key), valueAt(reply.entities!.columns[0], i)] as const));
    expect(seen.size).toBe(reply.keys.length);
    for (const [key, label] of seen) expect(seen.get(key >= MATE ? key - MATE : key + MATE), `the mate of ${key}`).toBe(label);
  };

  /** What a tab does, one after another, until it dies. */
  const live = async (open: Open, steps: number): Promise<void> => {
    for (let i = 0; i < steps && !open.isDead; i++) {
      const done = step(open);
      // A dead tab never answers.
      await Promise.race([done, open.death]);
      if (open.isDead) return void done.catch(() => {});
      await done;
    }
  };
  const lives: Promise<void>[] = tabs.map((open) => live(open, 12));
  const fate = (async () => {
    for (let i = 0; i < 4; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5 + int(25)));
      const alive = tabs.filter(({ isDead }) => !isDead);
      const victim = alive[int(alive.length)];
      const what = next();
      if (what < 0.3 && alive.length > 1) {
        victim.die();
      } else if (what < 0.6 && !victim.isFrozen) {
        victim.isFrozen = true;
        victim.tab.freeze();
        setTimeout(() => {
          victim.isFrozen = false;
          victim.tab.thaw();
        }, int(150));
      } else lives.push(open().then((opened) => live(opened, 8)));
    }
  })();
  await fate;
  for (let i = 0; i < lives.length; i++) await lives[i];

  // Quiet now.
  isCalm = true;
  await until(() => tabs.every(({ isFrozen }) => !isFrozen));
  const alive = tabs.filter(({ isDead }) => !isDead);
  const all = Array.from({ length: PAIRS }, (_, pair) => pair);
  const seen = await Promise.all(alive.map(({ client }) => read(client, 'Strong', all)));
  for (const [i, labels] of seen.entries()) {
    expectSeen(labels, acknowledged, `${alive[i].name}, at the end,`);
    expect(labels, `${alive[i].name} sees what ${alive[0].name} sees`).toEqual(seen[0]);
  }
  const rows = 2 * [...seen[0].values()].filter((label) => label !== null).length;
  for (const { client } of alive) expect(await client.count({ collectionId, consistency: 'Strong' })).toBe(rows);
  const errors = alive.flatMap(({ events }) => events.filter(({ type }) => type === 'error'));
  expect(errors).toEqual([]);
  for (const { client } of alive) await client.close();
  const anew = await openTestEngine(openTab(medium).store, {}, {}, { silenceMs: 60 });
  expect(await read(anew.client, 'Session', all)).toEqual(seen[0]);
  await anew.client.flush({ collectionId });
  expect(await read(anew.client, 'Session', all)).toEqual(seen[0]);
  expect(await anew.client.count({ collectionId })).toBe(rows);
  await anew.client.close();
}

const expecting = (code: string) => (error: { code?: string }): void => {
  if (error.code !== code) throw error;
};

const vectorOf = (label: string): Float32Array => {
  const number = Number(label.split(' ')[1]);
  return Float32Array.from({ length: DIM }, (_, i) => ((number * 7 + i * 5) % 23) / 4);
};
