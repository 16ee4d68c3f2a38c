/** The benchmark below its view: its report, its order, the versions that it names, and the engines that run in Node. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/freshness.mjs';
import { exactAnswers, K, rowOf, sampleQueries } from '../../web-demo/src/measure/truth.ts';
import type { Matrix, Truth } from '../../web-demo/src/measure/truth.ts';
import { ENGINES } from '../../web-demo/src/views/benchmark/engines/list.ts';
import { engine as orama } from '../../web-demo/src/views/benchmark/engines/orama.ts';
import type { Measured } from '../../web-demo/src/views/benchmark/messages.ts';
import { orderOf } from '../../web-demo/src/views/benchmark/order.ts';
import { failedEngine, fastestAt, measuredEngine, textOf } from '../../web-demo/src/views/benchmark/report.ts';
import type { Report } from '../../web-demo/src/views/benchmark/report.ts';

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

function matrixOf(rows: number, dim: number): Matrix {
  let state = SEED >>> 0;
  const vectors = Float32Array.from({ length: rows * dim }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4294967296 - 0.5;
  });
  return { vectors, rows, dim };
}

function truthOf(matrix: Matrix, count: number): Truth {
  const queries = sampleQueries(matrix, 'COSINE', count, SEED);
  return { metric: 'COSINE', k: K, queries, answers: [...exactAnswers(matrix, 'COSINE', K, queries)] };
}

describe('the engines', () => {
  it('have the versions that are installed', async () => {
    const require = createRequire(import.meta.url);
    const packages = { elanus: join(ROOT, 'package.json'), edgevec: 'edgevec/package.json', orama: '@orama/orama/package.json', 'hnswlib-wasm': 'hnswlib-wasm/package.json' };
    for (const { id, version } of ENGINES) expect(version, id).toBe((JSON.parse(await readFile(require.resolve(packages[id]), 'utf8')) as { version: string }).version);
  });

  it('run in an order that the seed sets', () => {
    const orders = Array.from({ length: 60 }, (_, seed) => orderOf(seed).map(({ id }) => id));
    for (const order of orders) expect([...order].sort()).toEqual(ENGINES.map(({ id }) => id).sort());
    expect(orderOf(7)).toEqual(orderOf(7));
    // Every engine is at every place some time.
    for (const { id } of ENGINES) expect(new Set(orders.map((order) => order.indexOf(id))).size).toBe(ENGINES.length);
  });

  it(`find what is nearest by cosine (Orama; the others need a browser; seed ${SEED})`, { timeout: 60_000 }, async () => {
    const matrix = matrixOf(1_200, 24);
    const truth = truthOf(matrix, 20);
    const shares: number[] = [];
    const built = await orama.build(matrix, { M: 16, efConstruction: 100 }, truth.queries.map((query) => rowOf(matrix, query)), K + 1, [32], (share) => shares.push(share));
    expect(built.buildMs).toBeGreaterThan(0);
    expect(shares.at(-1)).toBe(1);
    const way = built.ways.at(-1)!;
    way.prepare();
    const found: number[][] = [];
    for (const at of truth.queries.keys()) found.push(way.rowsOf(await way.search(at)));
    const result = await measuredEngine(ENGINES[0], { loadMs: 1, ...built, ways: [{ breadth: way.breadth, found, rounds: [[1, 3]] }] }, matrix, truth);
    expect(result).toMatchObject({ status: 'measured', points: [{ ef: way.breadth, queriesPerSecond: 500 }] });
    expect(result.status === 'measured' && result.points[0].recall).toBeGreaterThanOrEqual(0.995);
  });
});

describe('the report', async () => {
  const matrix = matrixOf(60, 4);
  const truth = truthOf(matrix, 8);
  const right = truth.queries.map((query, at) => [query, ...truth.answers[at].rows]);
  const measured: Measured = {
    loadMs: 12.3456789, buildMs: 345, memory: { bytes: 9_999_999, kind: 'used' }, note: null,
    ways: [
      // Half of every answer is missing.
      { breadth: 16, found: right.map((rows) => rows.slice(0, 6)), rounds: [[0.1, 0.1, 0.2], [0.3, 0.3, 0.6]] },
      { breadth: 64, found: right, rounds: [[0.4, 0.6, 0.5]] },
      { breadth: 128, found: right, rounds: [[1, 1, 1]] },
    ],
  };
  const engine = await measuredEngine(ENGINES[1], measured, matrix, truth);
  if (engine.status !== 'measured') throw new Error('it was measured');

  it('has recall beside speed for every breadth', () => {
    expect(engine.points.map(({ ef }) => ef)).toEqual([16, 64, 128]);
    expect(engine.points.map(({ recall }) => recall)).toEqual([0.5, 1, 1]);
    expect(engine.points[0].queriesPerSecond).toBeCloseTo(1000 / (0.4 / 3), 6);
    expect(engine.points[0].latencyMs).toMatchObject({ p50: 0.2, p99: 0.6 });
  });

  it('knows the fastest setting that finds enough', () => {
    expect(fastestAt(engine.points, 0.4)?.ef).toBe(16);
    expect(fastestAt(engine.points, 0.95)?.ef).toBe(64);
    expect(fastestAt(engine.points.slice(0, 1), 0.95)).toBeNull();
  });

  it('is JSON with the digits that mean something, as the README describes it', async () => {
    const report: Report = {
      format: 'elanus-device-report/1', made: '2026-01-02T03:04:05.678Z',
      device: { userAgent: 'x', brands: [], platform: null, mobile: null, hardwareConcurrency: 2, deviceMemoryGB: null, clockMs: 0.1 },
      data: { collection: 'papers', rows: 60, dim: 4, metric: 'COSINE', k: 10, queries: 8 },
      parameters: { M: 16, efConstruction: 200 }, seed: 3, order: orderOf(3).map(({ id }) => id), engines: [engine, failedEngine(ENGINES[3], 'it said so')],
    };
    const read = JSON.parse(textOf(report)) as Report;
    expect(read.engines[0]).toMatchObject({ id: 'edgevec', loadMs: 12.346, memory: { bytes: 9_999_999, kind: 'used' } });
    expect(read.engines[1]).toEqual({ id: 'hnswlib-wasm', name: 'hnswlib-wasm', version: ENGINES[3].version, status: 'failed', reason: 'it said so' });
    const readme = await readFile(join(ROOT, 'web-demo', 'README.md'), 'utf8');
    const names = new Set<string>();
    JSON.stringify(read, (name, value: unknown) => (/^\d*$/.test(name) || names.add(name), value));
    for (const name of names) expect(readme, name).toContain(`\`${name}\``);
  });
});
