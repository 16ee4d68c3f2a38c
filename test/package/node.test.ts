/** The packed tarball, installed in an empty project, in Node. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IO_ANSWER, ARROW_ANSWER, MERGED, application, arrowApplication, installPacked, mergingApplication, writeFiles, type Project, type Report, ioApplication } from './support.ts';

let project: Project;
beforeAll(() => {
  project = installPacked();
});
afterAll(() => project?.remove());

function run(name: string, source: string, flags: string[] = []): { status: number | null; stdout: string; stderr: string } {
  writeFiles(project.folder, { [name]: source });
  return spawnSync(process.execPath, [...flags, name], { cwd: project.folder, encoding: 'utf8', timeout: 60_000 });
}

function runApplication(name: string, url: string, options: string, flags: string[] = []): { report: Report; stderr: string } {
  const { status, stdout, stderr } = run(`${name}.js`, `${application('elanus', url, options)}\nconsole.log(JSON.stringify(await main()));`, flags);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return { report: JSON.parse(stdout) as Report, stderr };
}

const ANSWER = { count: 3000, titles: ['row 7', expect.any(String)], index: 'finished', errorCode: 'INVALID_ARGUMENT', stars: [['row 0', 5], ['row 1', null]], past: [false, true, true], filtered: ['row 10', 'row 9'], beyond: [5, 'row 0', 2999] };

describe('the packed package in Node', () => {
  it('holds the build, its licences and its papers, no sources and no tests', () => {
    const folder = join(project.folder, 'node_modules', 'elanus');
    expect(readdirSync(folder).sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json']);
    expect(readFileSync(join(folder, 'dist', 'LICENSES.txt'), 'utf8')).toContain('comlink');
    expect(readdirSync(join(project.folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['elanus']);
  });

  it('exports its public names and nothing else', () => {
    const { stdout } = run('names.js', `import * as elanus from 'elanus'; console.log(Object.keys(elanus).join(' '));`);
    expect(stdout).toBe('ElanusError connect defineSchema fitLatentSpace fitPca isElanusError loadLatentSpace loadPca normalize recommendIndex\n');
  });

  it('compiles no code from strings and holds no registry, no path of the machine that built it', () => {
    const dist = join(project.folder, 'node_modules', 'elanus', 'dist');
    const texts = readdirSync(dist).filter((file) => /\.(js|map)$/.test(file)).map((file) => readFileSync(join(dist, file), 'utf8'));
    expect(texts.length).toBeGreaterThan(4);
    for (const text of texts) {
      expect(text).not.toMatch(/\bnew Function\(|\beval\(/);
      expect(text.includes(process.cwd())).toBe(false);
    }
  });

  it('runs: engine on the calling thread, builds on another', () => {
    expect(runApplication('auto', `'memory:'`, '{}').report).toMatchObject({ ...ANSWER, engineThread: 'calling', buildThread: 'worker' });
  });

  it('runs under --disallow-code-generation-from-strings', () => {
    expect(runApplication('strict', `'memory:'`, '{}', ['--disallow-code-generation-from-strings']).report).toMatchObject(ANSWER);
  });

  it('runs wholly on the calling thread, and wholly in a worker', () => {
    expect(runApplication('inline', `'file:./inline'`, `{ mode: 'inline' }`).report).toMatchObject({ ...ANSWER, engineThread: 'calling', buildThread: 'calling' });
    expect(runApplication('worker', `'file:./worker'`, `{ mode: 'worker' }`).report).toMatchObject({ ...ANSWER, engineThread: 'worker', buildThread: 'worker' });
  });

  it('merges segments, the index beginning with one that is there, on the calling thread and in workers', () => {
    for (const [options, buildThread] of [['{ workers: 0 }', 'calling'], ['{ workers: 2 }', 'worker']] as const) {
      const { status, stdout, stderr } = run(`merge-${buildThread}.js`, `${mergingApplication('elanus', `'file:./merge-${buildThread}'`, options)}\nconsole.log(JSON.stringify(await main()));`);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const report = JSON.parse(stdout) as { count: number };
      expect(report).toMatchObject({ ...MERGED, buildThread });
      expect(report.count).toBeGreaterThan(97);
    }
  });

  it('keeps local:NAME in ./NAME.elanus/', () => {
    runApplication('local', `'local:shop'`, '{}');
    expect(existsSync(join(project.folder, 'shop.elanus'))).toBe(true);
  });

  it('a script that forgets to close ends all the same', () => {
    const { status, stdout, stderr } = run('forgets.js', `import { connect } from 'elanus'; const db = await connect('memory:', { mode: 'worker' }); console.log(await db.listCollections());`);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '[]\n', stderr: '' });
  });

  it('takes its kernels from elanus/core.wasm, and says what HTML in their place means', () => {
    const wasm = `(await import('node:fs')).readFileSync(new URL(import.meta.resolve('elanus/core.wasm')))`;
    expect(runApplication('wasm', `'memory:'`, `{ wasm: ${wasm} }`).report).toMatchObject({ ...ANSWER, kernels: 'simd' });
    const html = run('html.js', `import { connect } from 'elanus'; await connect('memory:', { wasm: new TextEncoder().encode('<!doctype html><title>x</title>') }).catch((error) => console.log(error.code, error.message));`);
    expect(html.stdout).toMatch(/^INVALID_ARGUMENT .*HTML/);
  });

  it('answers Tables of the apache-arrow that is installed beside it, and takes them, with no code compiled', () => {
    const copy = join(project.folder, 'node_modules', 'apache-arrow');
    symlinkSync(resolve('node_modules/apache-arrow'), copy, 'junction');
    try {
      const { stdout, stderr } = run('arrow.js', `${arrowApplication(`'memory:'`, `{ mode: 'worker' }`)}\nconsole.log(JSON.stringify(await main()));`, ['--disallow-code-generation-from-strings']);
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual(ARROW_ANSWER);
    } finally {
      unlinkSync(copy);
    }
  });

  it('builds filters with elanus/filter', () => {
    const { stdout, stderr } = run('filters.js', `
import { connect, defineSchema } from 'elanus';
import { filterOf } from 'elanus/filter';
const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, name: { type: 'VarChar', maxLength: 20 }, v: { type: 'FloatVector', dim: 2 } } });
const db = await connect('memory:', { mode: 'worker' });
const docs = await db.createCollection('docs', schema);
await docs.insert([{ id: 1, name: '50% off', v: [1, 2] }, { id: 2, name: '500', v: [1, 3] }]);
const f = filterOf(schema);
console.log((await docs.search({ vector: [1, 2], ...f.and(f('name').startsWith('50%'), f('id').lt(9)).toOptions() })).map(({ id }) => id).join());
try { f('nope'); } catch (error) { console.log(error.code); }
await db.close();
`);
    expect({ stdout, stderr }).toEqual({ stdout: '1\nFILTER_TYPE\n', stderr: '' });
  });

  it('imports and exports files with elanus/io', () => {
    const { stdout, stderr } = run('io.js', `import { File } from 'node:buffer';\n${ioApplication('elanus', `'memory:'`, '{}')}\nconsole.log(JSON.stringify(await main()));`, ['--disallow-code-generation-from-strings']);
    expect(stderr).not.toContain('Error');
    expect(JSON.parse(stdout)).toEqual(IO_ANSWER);
  });

  it('stores that Node has not are refused by name', () => {
    const { stdout } = run('idb.js', `import { connect } from 'elanus'; await connect('idb:x').catch((error) => console.log(error.code));`);
    expect(stdout).toBe('NOT_SUPPORTED\n');
  });

  it('is typed for those who install nothing else', () => {
    writeFiles(project.folder, {
      'typed.ts': `
import { connect, defineSchema, fitPca, recommendIndex, type Hit, type Pca } from 'elanus';
import { filterOf } from 'elanus/filter';
const schema = defineSchema({ fields: {
  id: { type: 'Int64', primaryKey: true, autoId: true },
  title: { type: 'VarChar', maxLength: 64 },
  embedding: { type: 'FloatVector', dim: 8 },
} });
const db = await connect('memory:');
const docs = await db.createCollection('docs', schema);
await docs.insert([{ title: 'kite', embedding: new Float32Array(8) }]);
const hits = await docs.search({ vector: new Float32Array(8), limit: 1, outputFields: ['title'] });
const title: string = hits[0]!.entity.title;
const id: bigint = hits[0]!.id;
// @ts-expect-error a title is no number
const wrong: number = hits[0]!.entity.title;
const pca: Pca = await fitPca(new Float32Array(64), { dim: 8, components: 2 });
const small: Float32Array = pca.transform(new Float32Array(8));
const { index } = await recommendIndex({ rows: 10, dim: 8 });
const f = filterOf(schema);
const named: string = (await docs.query({ ...f('title').startsWith('k').toOptions(), limit: 1 }))[0]!.title;
// @ts-expect-error a title is compared with texts
f('title').eq(3);
await docs.createIndex('embedding', index);
const recall: number = (await docs.tune({ queries: new Float32Array(8) })).recall;
export { title, id, wrong, small, recall, named, type Hit };
await db.close();
`,
      'tsconfig.json': JSON.stringify({
        compilerOptions: { target: 'ES2023', lib: ['ES2023', 'DOM', 'ESNext.Disposable'], module: 'NodeNext', moduleResolution: 'NodeNext', strict: true, noEmit: true, types: [], skipLibCheck: false },
        files: ['typed.ts'],
      }),
    });
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: project.folder, encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });
});
