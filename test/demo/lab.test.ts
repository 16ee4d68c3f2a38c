/** The index lab below its view: what it offers, how it measures, and the code that it gives. */
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/freshness.mjs';
import { connect, defineSchema, isElanusError, recommendIndex } from '../../src/node.ts';
import { aligned, recallBounds, timeBounds, timeSplits } from '../../web-demo/src/measure/curve-data.ts';
import type { Curve } from '../../web-demo/src/measure/curve-data.ts';
import { latencyOf, percentile } from '../../web-demo/src/measure/percentiles.ts';
import { exactAnswers, K, recallOfQuery, sampleQueries, withoutItself } from '../../web-demo/src/measure/truth.ts';
import type { Matrix, Metric, Truth } from '../../web-demo/src/measure/truth.ts';
import { numbersFrom } from '../../web-demo/src/util/random.ts';
import { experiment, pointAt } from '../../web-demo/src/views/lab/experiment.ts';
import type { Library } from '../../web-demo/src/views/lab/experiment.ts';
import { INDEXES } from '../../web-demo/src/views/lab/indexes.ts';
import type { ParamInfo, Shape } from '../../web-demo/src/views/lab/param.ts';
import { chooseIndex, indexOf, keyOf, nameOf, readSetting, settingOf } from '../../web-demo/src/views/lab/setting.ts';
import { snippetOf } from '../../web-demo/src/views/lab/snippet.ts';
import { sweepValues } from '../../web-demo/src/views/lab/sweep.ts';

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const METRICS: readonly Metric[] = ['L2', 'IP', 'COSINE'];
/** The package from its source, as Node's entry has it. */
const library = { connect, defineSchema } as Library;

/** Rows around some centres, as real ones lie. */
function clustered(rows: number, dim: number, seed: number): Matrix {
  const random = numbersFrom(seed);
  const centres = Float32Array.from({ length: 12 * dim }, () => 4 * random() - 2);
  const vectors = new Float32Array(rows * dim);
  for (let row = 0; row < rows; row++) {
    const centre = Math.floor(12 * random()) * dim;
    for (let i = 0; i < dim; i++) vectors[row * dim + i] = centres[centre + i] + random() - 0.5;
  }
  return { vectors, rows, dim };
}

function truthOf(matrix: Matrix, metric: Metric, count: number, seed = SEED): Truth {
  const queries = sampleQueries(matrix, metric, count, seed);
  return { metric, k: K, queries, answers: [...exactAnswers(matrix, metric, K, queries)] };
}

describe(`percentiles (seed ${SEED})`, () => {
  it('are the smallest value that so many do not exceed', () => {
    const random = numbersFrom(SEED);
    for (let run = 0; run < 50; run++) {
      const times = Array.from({ length: 1 + Math.floor(200 * random()) }, () => Math.round(50 * random()) / 10);
      const cut = Math.floor(times.length * random());
      const { p50, p90, p99, mean } = latencyOf([times.slice(0, cut), times.slice(cut)].filter((pass) => pass.length > 0));
      for (const [share, value] of [[0.5, p50], [0.9, p90], [0.99, p99]] as const) {
        const atMost = (bound: number) => times.filter((time) => time <= bound).length / times.length;
        expect(times).toContain(value);
        expect(atMost(value)).toBeGreaterThanOrEqual(share - 1e-9);
        for (const less of times.filter((time) => time < value)) expect(atMost(less)).toBeLessThan(share);
      }
      const means = [times.slice(0, cut), times.slice(cut)].filter((pass) => pass.length > 0).map((pass) => pass.reduce((sum, time) => sum + time) / pass.length);
      expect(mean).toBeCloseTo(Math.min(...means), 9);
    }
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([0.01, 0.07, 0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([1, 7, 50, 99, 100]);
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe(`queries and their right answers (seed ${SEED})`, () => {
  it('are different rows, the same ones for a seed, and none without a direction where there is to be one', () => {
    const matrix = clustered(300, 5, SEED);
    for (const row of [3, 77, 150]) matrix.vectors.fill(0, row * 5, (row + 1) * 5);
    const cosine = sampleQueries(matrix, 'COSINE', 300, 7);
    expect(new Set(cosine).size).toBe(297);
    expect(cosine.some((row) => [3, 77, 150].includes(row))).toBe(false);
    expect(new Set(sampleQueries(matrix, 'L2', 1000, 7)).size).toBe(300);
    const sample = sampleQueries(matrix, 'L2', 100, 7);
    expect(sampleQueries(matrix, 'L2', 100, 7)).toEqual(sample);
    expect(sampleQueries(matrix, 'L2', 100, 8)).not.toEqual(sample);
  });

  it.each(METRICS)('are what sorting all other rows gives (%s)', (metric) => {
    const matrix = clustered(200, 6, SEED + 1);
    // A twin: either of the two finds the other, and not itself.
    matrix.vectors.copyWithin(6 * 11, 6 * 10, 6 * 11);
    const score = (a: number, b: number) => {
      const [x, y] = [a, b].map((row) => Array.from(matrix.vectors.subarray(6 * row, 6 * (row + 1))));
      const dot = x.reduce((sum, value, i) => sum + value * y[i], 0);
      if (metric === 'IP') return -dot;
      return metric === 'L2' ? x.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0) : -dot / (Math.hypot(...x) * Math.hypot(...y));
    };
    const queries = [10, 11, 0, 199];
    const truth: Truth = { metric, k: K, queries, answers: [...exactAnswers(matrix, metric, K, queries)] };
    for (const [at, query] of queries.entries()) {
      const others = Array.from({ length: 200 }, (_, row) => row).filter((row) => row !== query).sort((a, b) => score(query, a) - score(query, b));
      const { rows } = truth.answers[at];
      expect(rows).toHaveLength(K);
      expect(rows).not.toContain(query);
      expect(rows.map((row) => score(query, row).toFixed(9))).toEqual(others.slice(0, K).map((row) => score(query, row).toFixed(9)));
      expect(recallOfQuery(matrix, truth, at, others.slice(0, K))).toBe(1);
      expect(recallOfQuery(matrix, truth, at, [...others.slice(0, 7), ...others.slice(-3)])).toBe(0.7);
    }
    expect(withoutItself([4, 9, 2, 7], 9, 2)).toEqual([4, 2]);
    expect(withoutItself([4, 1, 2, 7], 9, 2)).toEqual([4, 1]);
  });
});

describe('the values that a curve runs over', () => {
  it('ascend from the least to the most in steps that matter', () => {
    expect(sweepValues(1, 1)).toEqual([1]);
    expect(sweepValues(11, 100)).toEqual([11, 16, 24, 32, 48, 64, 96, 100]);
    for (const [min, max] of [[1, 65_536], [11, 1_000], [50, 50], [3, 4]]) {
      const values = sweepValues(min, max);
      expect(values[0]).toBe(min);
      expect(values.at(-1)).toBe(Math.max(min, Math.min(max, 4096)));
      for (let i = 1; i < values.length; i++) expect(values[i]).toBeGreaterThan(values[i - 1]);
    }
  });
});

describe('the chart', () => {
  const curve = (times: readonly number[], recalls: readonly number[]): Curve => ({ name: 'x', tone: 0, points: times.map((ms, i) => ({ ms, recall: recalls[i], label: String(i) })) });

  it('has every time once for each point, and each recall at its own', () => {
    const [a, b] = [curve([0.3, 0.2, 0.5], [0.7, 0.8, 1]), curve([0.2, 0.9], [0.9, 0.95])];
    const [times, ofA, ofB] = aligned([a, b]);
    expect(times).toEqual([0.2, 0.2, 0.3, 0.5, 0.9]);
    expect(ofA).toEqual([0.8, null, 0.7, 1, null]);
    expect(ofB).toEqual([null, 0.9, null, null, 0.95]);
    expect(recallBounds([a, b])[0]).toBeCloseTo(0.6, 9);
    expect(recallBounds([curve([1], [0.999])])[0]).toBeCloseTo(0.95, 9);
  });

  it('names round times within its bounds, and no more than there is room for where it can', () => {
    const random = numbersFrom(SEED + 5);
    for (let run = 0; run < 200; run++) {
      const times = Array.from({ length: 1 + Math.floor(8 * random()) }, () => 10 ** (5 * random() - 2));
      const [from, to] = timeBounds([curve(times, times)]);
      expect(from).toBeLessThan(Math.min(...times));
      expect(to).toBeGreaterThan(Math.max(...times));
      const splits = timeSplits(from, to, 5);
      expect(splits.length).toBeGreaterThan(0);
      for (const split of splits) {
        expect(split).toBeGreaterThanOrEqual(from);
        expect(split).toBeLessThanOrEqual(to);
        // One digit that counts.
        expect(Number(split.toPrecision(1))).toBe(split);
      }
      expect(splits.length).toBeLessThanOrEqual(Math.max(5, Math.ceil(Math.log10(to / from)) + 1));
    }
  });
});

describe('the table of indexes', () => {
  /** What the library itself says that it takes. */
  async function told(type: string | undefined, call: 'type' | 'build' | 'search'): Promise<readonly string[]> {
    const database = await connect('memory:', { mode: 'inline', workers: 0 });
    try {
      const collection = await database.createCollection('told', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, vector: { type: 'FloatVector', dim: 32 } } }));
      if (call === 'type') await collection.createIndex('vector', { type: 'BIN_FLAT' });
      await collection.insert([{ id: 1, vector: new Float32Array(32).fill(1) }]);
      await collection.createIndex('vector', { type: type!, metric: 'L2', params: call === 'build' ? { no_such: 1 } : {} });
      await collection.search({ vector: new Float32Array(32), params: { no_such: 1 } });
    } catch (error) {
      if (!isElanusError(error)) throw error;
      if (call === 'type') return /\(([^)]+)\)/.exec(error.message)![1].split(', ');
      return (error.detail as { known: readonly string[] }).known;
    } finally {
      await database.close();
    }
    throw new Error(`${type} refused nothing`);
  }

  it('has every index of float vectors that the library names', async () => {
    const own = await told(undefined, 'type');
    const names = INDEXES.map(({ type }) => type);
    expect(names.filter((name) => name !== 'AUTOINDEX' && !name.startsWith('GPU_')).sort()).toEqual([...own].sort());
    const served = /expected one of ([\w, ]+), got/.exec(await refusal('NO_SUCH_INDEX'))![1].split(', ');
    expect([...names].sort()).toEqual(served.filter((name) => !name.startsWith('BIN_') && !name.startsWith('SPARSE_')).sort());
  });

  async function refusal(type: string): Promise<string> {
    const database = await connect('memory:', { mode: 'inline', workers: 0 });
    try {
      const collection = await database.createCollection('told', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, vector: { type: 'FloatVector', dim: 32 } } }));
      return await collection.createIndex('vector', { type }).then(() => 'taken', (error: Error) => error.message);
    } finally {
      await database.close();
    }
  }

  it.each(INDEXES.map(({ type }) => type))('has all parameters of %s, or says why not', async (type) => {
    const info = indexOf(type)!;
    const unused = Object.keys(info.unused ?? {});
    const listed = (infos: readonly ParamInfo[]) => infos.map(({ name }) => name);
    const offers = [...listed(info.build), ...listed(info.search), ...(info.sweep === null ? [] : [info.sweep.name])];
    expect(new Set([...offers, ...unused]).size).toBe(offers.length + unused.length);
    const known = new Set([...(await told(type, 'build')), ...(await told(type, 'search'))]);
    expect([...offers, ...unused].filter((name) => !known.has(name))).toEqual([]);
    expect([...known].filter((name) => !offers.includes(name) && !unused.includes(name))).toEqual([]);
  });

  it.each(INDEXES.map(({ type }) => type))('has the ranges of %s: the library takes both ends, and nothing beyond', async (type) => {
    const info = indexOf(type)!;
    const shape: Shape = { rows: 4, dim: 32 };
    const database = await connect('memory:', { mode: 'inline', workers: 0 });
    try {
      const collection = await database.createCollection('ends', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, vector: { type: 'FloatVector', dim: 32 } } }));
      const builds = (params: Record<string, unknown>) => collection.createIndex('vector', { type, metric: 'L2', params: params as never }).then(() => 'taken', (error: Error) => error.message);
      const base = { ...settingOf(info, shape, () => null).build };
      expect(await builds(base)).toBe('taken');
      for (const param of info.build) {
        if (param.kind === 'number') {
          // The degree of CAGRA's graph is bounded by the other one.
          const others = param.name === 'graph_degree' ? { ...base, intermediate_graph_degree: 4096 } : param.name === 'intermediate_graph_degree' ? { ...base, graph_degree: 4 } : base;
          for (const end of [param.min, param.max]) expect(await builds({ ...others, [param.name]: end })).toBe('taken');
          for (const beyond of [param.min - 1, param.max + 1]) expect(await builds({ ...others, [param.name]: beyond })).toContain(`"${param.name}" expected`);
        } else if (param.kind === 'choice') {
          for (const choice of param.choices(shape, base)) {
            const setting = settingOf(info, shape, (name) => (name === param.name ? String(choice) : null));
            expect(await builds({ ...setting.build })).toBe('taken');
          }
          expect(await builds({ ...base, [param.name]: param.name === 'm' ? 31 : 'NO_SUCH' })).toContain(`"${param.name}" expected`);
        }
      }
    } finally {
      await database.close();
    }
  });
});

describe(`an experiment (seed ${SEED})`, () => {
  // More than the megabyte below which the library scans. Always the same rows: with others a graph may find less than is asked of it here.
  const matrix = clustered(3_000, 96, 3);

  it.each(INDEXES.map(({ type }, i) => [type, METRICS[i % 3]] as const))('builds %s (%s) and measures searches', { timeout: 60_000 }, async (type, metric) => {
    const truth = truthOf(matrix, metric, 30, 3);
    const setting = settingOf(indexOf(type)!, matrix, (name) => (name === 'efConstruction' ? '60' : name === 'intermediate_graph_degree' ? '64' : null));
    const said: string[] = [];
    const outcome = await experiment(library, setting, matrix, truth, {
      signal: new AbortController().signal,
      rounds: 2,
      onProgress({ label, share }) {
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
        if (said.at(-1) !== label) said.push(label);
      },
    });
    expect(said).toEqual(['Inserting a copy of the rows', `Building ${type}`, 'Measuring searches']);
    const best = pointAt(outcome.points, 2);
    expect(best.recall).toBe(Math.max(...outcome.points.map(({ recall }) => recall)));
    expect(best.recall).toBeGreaterThanOrEqual(type === 'FLAT' || type === 'GPU_BRUTE_FORCE' ? 1 : type.includes('PQ') ? 0.75 : 0.9);
    expect(outcome.points.length).toBeGreaterThanOrEqual(setting.info.sweep === null || outcome.points[0].recall === 1 ? 1 : 2);
    for (const { latency } of outcome.points) {
      expect(latency.p50).toBeGreaterThan(0);
      expect(latency.p90).toBeGreaterThanOrEqual(latency.p50);
      expect(latency.p99).toBeGreaterThanOrEqual(latency.p90);
    }
    expect(outcome.memoryBytes).toBeGreaterThan(100_000);
    expect(outcome.storedBytes).toBeGreaterThan(matrix.vectors.byteLength);
    expect(outcome.buildMs).toBeGreaterThan(0);
    if (type.startsWith('GPU_') || type === 'AUTOINDEX') expect(outcome.remark).toContain(outcome.servedBy);
    else expect(outcome).toMatchObject({ servedBy: type, remark: null });
  });

  it('says where the library scans instead', async () => {
    const small = clustered(400, 16, SEED + 3);
    const outcome = await experiment(library, settingOf(indexOf('HNSW')!, small, () => null), small, truthOf(small, 'L2', 10), { signal: new AbortController().signal, rounds: 1, onProgress: () => {} });
    expect(outcome.remark).toContain('No index was built');
    expect(outcome.points[0].recall).toBe(1);
  });

  it('ends when it is cancelled, in every phase', async () => {
    const truth = truthOf(matrix, 'L2', 10);
    const setting = settingOf(indexOf('HNSW')!, matrix, () => null);
    for (const phase of ['Inserting', 'Building', 'Measuring']) {
      const abort = new AbortController();
      const run = experiment(library, setting, matrix, truth, { signal: abort.signal, onProgress: ({ label }) => label.startsWith(phase) && abort.abort() });
      await expect(run).rejects.toThrow();
      expect(abort.signal.aborted).toBe(true);
    }
  });
});

describe('a setting in the URL', () => {
  const shape: Shape = { rows: 10_000, dim: 96 };

  it('is read as it was written, and as it begins where it is missing or wrong', () => {
    const params = new URLSearchParams('a=HNSW_SQ&a.M=24&a.efConstruction=0&a.sq_type=SQ4U&a.refine=true&a.refine_type=SQ6&b=IVF_PQ&b.m=7&b.nlist=64&b.refine=false&b.refine_k=3');
    expect(readSetting(params, 'a', shape)).toMatchObject({ build: { M: 24, efConstruction: 200, sq_type: 'SQ4U', refine: true, refine_type: 'SQ6' }, search: { refine_k: 2 } });
    // What is not refined has no other code to be scored by, and nothing to score again.
    expect(readSetting(params, 'b', shape)).toMatchObject({ build: { nlist: 64, m: 32, nbits: 8, refine: false }, search: {} });
    expect(Object.keys(readSetting(params, 'b', shape)!.search)).toEqual([]);
    expect(readSetting(new URLSearchParams('a=NONE'), 'a', shape)).toBeNull();
    expect(chooseIndex(params, 'b', 'FLAT')).toEqual({ b: 'FLAT', 'b.m': null, 'b.nlist': null, 'b.refine': null, 'b.refine_k': null });
  });

  it('is told apart and named', () => {
    const setting = settingOf(indexOf('HNSW')!, shape, () => null);
    expect(keyOf(setting)).toBe(keyOf(settingOf(indexOf('HNSW')!, shape, (name) => (name === 'M' ? '16' : null))));
    expect(keyOf(setting)).not.toBe(keyOf(settingOf(indexOf('HNSW')!, shape, (name) => (name === 'M' ? '17' : null))));
    expect(nameOf(setting)).toBe('HNSW, M 16, efConstruction 200');
  });

  it('takes what the library proposes', async () => {
    for (const rows of [500, 20_000, 63_000]) {
      const { index } = await recommendIndex({ rows, dim: 96, metric: 'COSINE' });
      const info = indexOf(index.type)!;
      const { build } = settingOf(info, { rows, dim: 96 }, (name) => (name in index.params ? String(index.params[name]) : null));
      expect(build).toEqual(index.params);
    }
  });
});

describe('the code', () => {
  it('is a program that runs with the built package, for every index', { timeout: 120_000 }, async () => {
    // Inside the project, so that the package is found by its name.
    const folder = join(ROOT, 'build', `lab-snippets-${process.pid}`);
    await mkdir(folder, { recursive: true });
    try {
      const files: string[] = [];
      for (const info of INDEXES) {
        const setting = settingOf(info, { rows: 300, dim: 24 }, () => null);
        const params = info.sweep === null ? setting.search : { [info.sweep.name]: 32, ...setting.search };
        const file = join(folder, `${info.type.toLowerCase()}.mjs`);
        await writeFile(file, snippetOf({ setting, metric: 'L2', rows: 300, dim: 24, params: info.type === 'HNSW' ? null : params }));
        files.push(pathToFileURL(file).href);
      }
      const all = `for (const file of ${JSON.stringify(files)}) { await import(file); console.log('--'); }`;
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', all]);
      const outputs = stdout.split('--\n').slice(0, -1);
      expect(outputs).toHaveLength(INDEXES.length);
      for (const [i, { type }] of INDEXES.entries()) {
        const hits = outputs[i].trim().split('\n').map((text) => /^(\d+): (-?[\d.e-]+)$/.exec(text));
        expect(hits, `${type}: ${outputs[i]}`).toHaveLength(10);
        // Row 0 asks, and finds itself first.
        expect(hits[0]?.[1], type).toBe('0');
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
