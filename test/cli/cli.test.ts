/** The command `elanus` as a process, from the packed tarball, over databases that the packed library has made. */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePreamble } from '../../src/storage/preamble.ts';
import { installPacked, writeFiles, type Project } from '../package/support.ts';

let project: Project;

const MAKE = `
import { connect, defineSchema } from 'elanus';
const db = await connect('file:./data', { mode: 'inline' });
const schema = defineSchema({ fields: {
  id: { type: 'Int64', primaryKey: true },
  title: { type: 'VarChar', maxLength: 64 },
  v: { type: 'FloatVector', dim: 256, index: { type: 'HNSW', metric: 'L2', params: { M: 4, efConstruction: 8 } } },
} });
const docs = await db.createCollection('docs', schema);
const row = (i) => ({ id: i, title: 'row ' + i, v: Float32Array.from({ length: 256 }, (_, j) => Math.sin(i * (j + 1))) });
await docs.insert(Array.from({ length: 1200 }, (_, i) => row(i)));
await docs.createIndex('v', { type: 'HNSW', metric: 'L2', params: { M: 4, efConstruction: 8 } });
await docs.delete({ ids: [1, 2, 3] });
await docs.insert([row(5), row(9000)]);
`;

beforeAll(() => {
  project = installPacked();
  writeFiles(project.folder, { 'make.js': `${MAKE}\nawait db.close();`, 'hold.js': `${MAKE.replace("'file:./data'", "'file:./held'")}\nconsole.log('open');\nsetInterval(() => {}, 1000);` });
  const made = spawnSync(process.execPath, ['make.js'], { cwd: project.folder, encoding: 'utf8' });
  expect({ status: made.status, stderr: made.stderr }).toEqual({ status: 0, stderr: '' });
});
afterAll(() => project?.remove());

function elanus(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(join(project.folder, 'node_modules', '.bin', 'elanus'), args, { cwd: project.folder, encoding: 'utf8', timeout: 60_000, shell: process.platform === 'win32' });
  return { status, stdout, stderr };
}

/** A copy of the database, changed. */
function damaged(name: string, change: (folder: string) => void): string {
  const folder = join(project.folder, name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(project.folder, 'data'), folder, { recursive: true });
  change(folder);
  return folder;
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}

const segmentIn = (folder: string): string => join(folder, 'files', readdirSync(join(folder, 'files')).find((name) => name.endsWith('.seg'))!);

describe('elanus', () => {
  it('says which commands there are, and its version', () => {
    expect(elanus('--help')).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/inspect[^]*check/) });
    expect(elanus('--version').stdout.trim()).toBe((JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version);
  });

  it('answers 2 to what it does not know', () => {
    expect(elanus('frobnicate')).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('unknown command') });
    expect(elanus('check')).toMatchObject({ status: 2, stderr: expect.stringContaining('missing required argument') });
    expect(elanus('inspect', 'data', '--yaml')).toMatchObject({ status: 2, stderr: expect.stringContaining('--yaml') });
    expect(elanus('inspect', 's3://bucket')).toMatchObject({ status: 2, stderr: expect.stringContaining('NOT_SUPPORTED') });
    expect(elanus('inspect', 'idb:shop')).toMatchObject({ status: 2, stderr: expect.stringContaining('in Node') });
  });

  it('imports and exports files', () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ id: i, title: `bird ${i}`, v: [i, 1] }));
    writeFiles(project.folder, { 'birds.jsonl': rows.map((row) => JSON.stringify(row)).join('\n'), 'more.csv': 'key,name,v\n30,bird 30,"[30,1]"\n31,bird 31,none\n' });
    expect(elanus('import', 'birds', 'all', 'birds.jsonl')).toMatchObject({ status: 3, stderr: expect.stringContaining('NOT_FOUND') });
    expect(elanus('import', 'birds', 'all', 'birds.jsonl', '--create')).toEqual({ status: 0, stdout: '30 rows of jsonl into all\n', stderr: '' });
    expect(elanus('import', 'birds', 'all', 'more.csv', '--fields', 'id=key,title=name,v=v')).toMatchObject({ status: 2, stderr: expect.stringMatching(/more\.csv, row 1 \(line 3\), column "v"/) });
    expect(elanus('import', 'birds', 'all', 'birds.jsonl', '--fields', 'id')).toMatchObject({ status: 2, stderr: expect.stringContaining('--fields') });
    expect(elanus('export', 'birds', 'all', 'some.json', '--filter', 'id < 2', '--output-fields', 'title').stdout).toMatch(/^2 rows/);
    expect(JSON.parse(readFileSync(join(project.folder, 'some.json'), 'utf8'))).toEqual([{ id: 0, title: 'bird 0' }, { id: 1, title: 'bird 1' }]);
    expect(elanus('export', 'birds', 'none', 'x.csv')).toMatchObject({ status: 3, stderr: expect.stringContaining('NOT_FOUND') });
    expect(elanus('check', 'birds')).toMatchObject({ status: 0 });
  });

  it('answers 3 where there is no database', () => {
    expect(elanus('inspect', 'nowhere')).toMatchObject({ status: 3, stdout: '', stderr: expect.stringContaining('NOT_FOUND') });
    expect(elanus('check', 'file:./nowhere')).toMatchObject({ status: 3, stderr: expect.stringContaining('NOT_FOUND') });
    expect(existsSync(join(project.folder, 'nowhere'))).toBe(false);
  });
});

describe('elanus inspect', () => {
  it('tells people what a database holds, by path and by connection string', () => {
    const { status, stdout, stderr } = elanus('inspect', 'data');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/collection docs: 1,200 sealed rows/);
    expect(stdout).toMatch(/v +FloatVector\(256\) +HNSW L2/);
    expect(stdout).toMatch(/s\d+\.seg +_default +1,200 +0 .* v HNSW \(/);
    expect(stdout).toMatch(/c1-2\.log +2 .*ended/);
    for (const url of ['file:./data', `file:${join(project.folder, 'data')}`, join(project.folder, 'data')]) expect(elanus('inspect', url).stdout).toBe(stdout);
  });

  it('tells machines the same', () => {
    const { status, stdout } = elanus('inspect', 'data', '--json');
    const found = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(found).toMatchObject({
      manifest: { formatVersion: expect.any(Number), epoch: 1, lastTimestamp: expect.stringMatching(/^\d+$/) },
      databases: [{ name: 'default', collections: 1 }],
      collections: [{ name: 'docs', rows: 1200, schema: { fields: [{ name: 'id' }, { name: 'title' }, { name: 'v' }] }, segments: [{ rows: 1200, indexes: [{ field: 'v', type: 'HNSW' }] }], logs: [{ records: 2, isEnded: true }] }],
      garbage: [],
      totals: { collections: 1, segments: 1, rows: 1200, logs: 1 },
    });
    const sizes = readdirSync(join(project.folder, 'data', 'files')).map((name) => readFileSync(join(project.folder, 'data', 'files', name)).length);
    expect(found.totals.fileBytes).toBe(sizes.reduce((a, b) => a + b, 0));
  });

  it('of a database of another version says what the files are, and what to do', () => {
    const folder = damaged('newer', (path) => {
      const root = readFileSync(join(path, 'root'));
      root.set(encodePreamble('manifest', 77));
      writeFileSync(join(path, 'root'), root);
    });
    const { status, stdout, stderr } = elanus('inspect', folder);
    expect(status).toBe(4);
    expect(stderr).toMatch(/FORMAT_UNSUPPORTED.*got 77.*upgrade/);
    expect(stdout).toMatch(/root +manifest +77/);
    expect(stdout).toMatch(/s\d+\.seg +segment +\d/);
    expect(JSON.parse(elanus('inspect', folder, '--json').stdout)).toMatchObject({ error: { code: 'FORMAT_UNSUPPORTED' }, files: expect.arrayContaining([expect.objectContaining({ name: 'root', formatVersion: 77 })]) });
    expect(elanus('check', folder).status).toBe(4);
  });

  it('changes nothing, and works beside a running writer, as check does', { timeout: 60_000 }, async () => {
    const writer = spawn(process.execPath, ['hold.js'], { cwd: project.folder, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise<void>((resolve, reject) => {
        writer.stdout.on('data', () => resolve());
        writer.on('exit', () => reject(new Error('the writer ended by itself')));
      });
      const held = join(project.folder, 'held');
      const before = readdirSync(held, { recursive: true }).sort();
      expect(before).toContain('lock');
      expect(elanus('inspect', 'held')).toMatchObject({ status: 0, stdout: expect.stringMatching(/c1-2\.log +2 .*open/) });
      expect(elanus('check', 'held')).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing is damaged') });
      expect(readdirSync(held, { recursive: true }).sort()).toEqual(before);
    } finally {
      writer.removeAllListeners('exit');
      writer.kill('SIGKILL');
      await new Promise((resolve) => writer.on('close', resolve));
    }
    // As a crash leaves it.
    expect(elanus('check', 'held').status).toBe(0);
  });
});

describe('elanus check', () => {
  it('answers 0 where nothing is damaged', () => {
    expect(elanus('check', 'data')).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^nothing is damaged \(2 files and 1 log, .* read\)\n$/) });
  });

  it('answers 1 where something is, and says what', () => {
    const folder = damaged('flipped', (path) => flip(segmentIn(path), 500_000));
    const { status, stdout } = elanus('check', folder);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^damage: docs: "s\d+\.seg" has a block of 64 KiB whose checksum does not match: 7\n/);
    const report = JSON.parse(elanus('check', folder, '--json').stdout);
    expect(report).toMatchObject({ isDamaged: true, findings: [{ severity: 'damage', code: 'CORRUPT', collection: 'docs', file: expect.stringMatching(/seg$/) }] });
  });

  it('answers 1 for a damaged manifest, where inspect gives up', () => {
    const folder = damaged('rootless', (path) => flip(join(path, 'root'), 100));
    expect(elanus('check', folder)).toMatchObject({ status: 1, stdout: expect.stringContaining('manifest') });
    expect(elanus('inspect', folder)).toMatchObject({ status: 1, stderr: expect.stringContaining('CORRUPT') });
  });
});

describe('elanus check --repair', () => {
  const lines = (text: string): string[] => text.trim().split('\n');
  const readKeys = (folder: string): { count: number; titles: (string | null)[] } => {
    writeFiles(project.folder, {
      'read.js': `
import { connect } from 'elanus';
const db = await connect('file:' + process.argv[2], { mode: 'inline' });
const docs = await db.collection('docs');
const rows = new Map((await docs.get([0, 1, 5, 700, 9000])).map((row) => [Number(row.id), row.title]));
console.log(JSON.stringify({ count: await docs.count(), titles: [0, 1, 5, 700, 9000].map((id) => rows.get(id) ?? null) }));
await db.close();`,
    });
    const { stdout, stderr } = spawnSync(process.execPath, ['read.js', folder], { cwd: project.folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };

  it('has nothing to do where nothing is damaged', () => {
    expect(elanus('check', '--repair', 'data')).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing is damaged') });
    expect(existsSync(join(project.folder, 'data.repaired'))).toBe(false);
  });

  it('writes what is whole beside the database, which stays as it is, and says what is lost', () => {
    const folder = damaged('torn', (path) => flip(segmentIn(path), 500_000));
    const before = readFileSync(segmentIn(folder));
    const { status, stdout } = elanus('check', '--repair', folder);
    expect(status).toBe(1);
    expect(lines(stdout)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^damage: docs: .*checksum does not match: 7$/),
        expect.stringMatching(/^lost: "docs": "s\d+\.seg": 6\d rows are lost: rows in damaged blocks$/),
        expect.stringMatching(/^ +keys \d+, \d+, .*--json names 6\d\)$/),
        expect.stringMatching(/^notice: "docs": the index .* is built again/),
        expect.stringMatching(/^saved: docs: 1,1\d\d live rows in 1 segment, and 1 log$/),
        `repaired as far as possible: ${folder}.repaired`,
      ]),
    );
    expect(readFileSync(segmentIn(folder)).equals(before)).toBe(true);
    expect(existsSync(join(folder, 'lock'))).toBe(false);
    expect(elanus('check', `${folder}.repaired`).status).toBe(0);
    expect(readKeys(`${folder}.repaired`)).toEqual({ count: expect.any(Number), titles: ['row 0', null, 'row 5', 'row 700', 'row 9000'] });
    // A second time it does not write over what the first has saved.
    expect(elanus('check', '--repair', folder)).toMatchObject({ status: 2, stderr: expect.stringContaining('ALREADY_EXISTS') });
  });

  it('of a lost manifest saves everything, in place, and keeps what was damaged', () => {
    const folder = damaged('headless', (path) => flip(join(path, 'root'), 100));
    const { status, stdout } = elanus('check', '--repair', '--in-place', folder, '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ repaired: folder, kept: `${folder}.damaged`, losses: [{ of: 'the database', file: 'root' }], check: { isDamaged: true } });
    expect(elanus('check', folder).status).toBe(0);
    expect(readKeys(folder)).toEqual({ count: 1198, titles: ['row 0', null, 'row 5', 'row 700', 'row 9000'] });
    expect(elanus('check', `${folder}.damaged`).status).toBe(1);
    expect(existsSync(join(`${folder}.damaged`, 'lock'))).toBe(false);
    expect(existsSync(`${folder}.repaired`)).toBe(false);
  });

  it('answers 0 where nothing is lost: a damaged index', () => {
    const folder = damaged('unindexed', (path) => flip(join(path, 'files', readdirSync(join(path, 'files')).find((name) => name.endsWith('.idx'))!), 300));
    const { status, stdout } = elanus('check', '--repair', '--to', join(project.folder, 'elsewhere'), folder);
    expect({ status, last: lines(stdout).at(-1) }).toEqual({ status: 0, last: `repaired without a loss: ${join(project.folder, 'elsewhere')}` });
    expect(readKeys(join(project.folder, 'elsewhere')).count).toBe(1198);
  });

  it('waits for no writer: LOCKED', { timeout: 60_000 }, async () => {
    const folder = damaged('held', (path) => flip(segmentIn(path), 500_000));
    writeFiles(project.folder, { 'lock.js': `import { connect } from 'elanus'; await connect('file:./held', { mode: 'inline' }); console.log('open'); setInterval(() => {}, 1000);` });
    const writer = spawn(process.execPath, ['lock.js'], { cwd: project.folder, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise<void>((resolve) => writer.stdout.on('data', () => resolve()));
      expect(elanus('check', '--repair', folder)).toMatchObject({ status: 5, stderr: expect.stringContaining('LOCKED') });
      expect(existsSync(`${folder}.repaired`)).toBe(false);
    } finally {
      writer.kill('SIGKILL');
      await new Promise((resolve) => writer.on('close', resolve));
    }
  });

  it('refuses options that make no sense', () => {
    expect(elanus('check', 'data', '--in-place')).toMatchObject({ status: 2, stderr: expect.stringContaining('--repair') });
    const folder = damaged('both', (path) => flip(segmentIn(path), 500_000));
    expect(elanus('check', folder, '--repair', '--in-place', '--to', 'x')).toMatchObject({ status: 2, stderr: expect.stringContaining('one of both') });
    expect(elanus('check', folder, '--repair', '--to', folder)).toMatchObject({ status: 2, stderr: expect.stringContaining('another folder') });
  });
});

describe('elanus over an encrypted database', () => {
  beforeAll(() => {
    const key = 'ab'.repeat(32);
    writeFiles(project.folder, { 'vault.js': `${MAKE.replace(`connect('file:./data', {`, `connect('file:./vault', { encryptionKey: Buffer.from('${key}', 'hex'),`)}\nawait db.close();`, 'vault.hex': `${key}\n`, 'wrong.hex': `${key.replace('a', 'c')}\n`, 'short.hex': 'abab' });
    writeFileSync(join(project.folder, 'vault.key'), Buffer.from(key, 'hex'));
    const made = spawnSync(process.execPath, ['vault.js'], { cwd: project.folder, encoding: 'utf8' });
    expect({ status: made.status, stderr: made.stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('answers with its key, as bytes or digits, what it answers over a plain one', () => {
    const plain = JSON.parse(elanus('inspect', 'data', '--json').stdout) as object;
    const vault = JSON.parse(elanus('inspect', 'vault', '--json', '--key-file', 'vault.hex').stdout) as { totals: object };
    expect(vault.totals).toMatchObject({ collections: 1, rows: 1200, logs: 1 });
    expect(Object.keys(vault)).toEqual(Object.keys(plain));
    expect(elanus('check', 'vault', '--key-file', 'vault.key')).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing is damaged') });
  });

  it('without it, or with another, answers 3 and touches nothing, even when asked to repair', () => {
    const before = readdirSync(project.folder).sort();
    for (const args of [['inspect', 'vault'], ['check', 'vault'], ['check', '--repair', 'vault'], ['check', '--repair', '--in-place', 'vault', '--key-file', 'wrong.hex']]) {
      expect(elanus(...args)).toMatchObject({ status: 3, stdout: '', stderr: expect.stringContaining('UNAUTHENTICATED') });
    }
    expect(elanus('check', 'vault', '--key-file', 'short.hex')).toMatchObject({ status: 2, stderr: expect.stringContaining('64 hexadecimal digits') });
    expect(elanus('check', 'vault', '--key-file', 'nowhere.hex')).toMatchObject({ status: 2 });
    expect(elanus('check', 'data', '--key-file', 'vault.hex')).toMatchObject({ status: 2, stderr: expect.stringContaining('not encrypted') });
    expect(readdirSync(project.folder).sort()).toEqual(before);
  });

  it('saves the rows in blocks that open', () => {
    const folder = join(project.folder, 'vault2');
    cpSync(join(project.folder, 'vault'), folder, { recursive: true });
    flip(segmentIn(folder), 500_000);
    expect(elanus('check', folder, '--key-file', 'vault.hex')).toMatchObject({ status: 1, stdout: expect.stringMatching(/^damage: docs: "s\d+\.seg" has a block .*: 7\ndamaged/) });
    const { status, stdout } = elanus('check', '--repair', folder, '--key-file', 'vault.hex');
    expect({ status, stdout }).toEqual({ status: 1, stdout: expect.stringMatching(/lost: "docs": "s\d+\.seg": 6\d rows are lost/) });
    expect(elanus('check', `${folder}.repaired`, '--key-file', 'vault.key').status).toBe(0);
  });

  it('saves what can be saved, encrypted with the same key', () => {
    const [log] = readdirSync(join(project.folder, 'vault', 'logs'));
    const path = join(project.folder, 'vault', 'logs', log!);
    flip(path, readFileSync(path).length - 60);
    expect(elanus('check', 'vault', '--key-file', 'vault.hex').status).toBe(1);
    expect(elanus('check', '--repair', 'vault', '--key-file', 'vault.hex')).toMatchObject({ status: 1, stdout: expect.stringContaining('vault.repaired') });
    expect(elanus('check', 'vault.repaired', '--key-file', 'vault.hex').status).toBe(0);
    expect(elanus('check', 'vault.repaired').status).toBe(3);

    // Without its root: what the files say by themselves.
    const root = join(project.folder, 'vault', 'root');
    flip(root, 200);
    expect(elanus('check', 'vault', '--key-file', 'vault.hex')).toMatchObject({ status: 1, stdout: expect.stringContaining('the manifest') });
    expect(elanus('check', '--repair', 'vault', '--to', 'vault.rebuilt', '--key-file', 'vault.hex').status).toBe(1);
    expect(JSON.parse(elanus('inspect', 'vault.rebuilt', '--json', '--key-file', 'vault.hex').stdout).totals).toMatchObject({ collections: 1, rows: 1200 });
    expect(JSON.parse(elanus('inspect', 'vault.repaired', '--json', '--key-file', 'vault.hex').stdout).totals).toMatchObject({ rows: 1200 });
  });
});
