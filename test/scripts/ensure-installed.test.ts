/** Runs before anything is installed, so what it decides on is only files. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { staleReason } from '../../scripts/ensure-installed.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'elanus-installed-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

type Packages = Record<string, { version?: string; optional?: boolean; integrity?: string }>;

function write(wanted: Packages, installed: Packages | null): void {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }));
  if (installed === null) return;
  for (const path of Object.keys(installed)) {
    mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(root, path, 'package.json'), '{}');
  }
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }));
}

const A = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } };

describe('staleReason', () => {
  it('is null for this project, whose packages are installed', () => {
    expect(staleReason('.')).toBe(null);
  });

  it('is null when what is installed is what is wanted, less optional packages of other platforms', () => {
    write({ ...A, 'node_modules/b': { version: '2.0.0', optional: true } }, A);
    expect(staleReason(root)).toBe(null);
  });

  it('finds a fresh clone', () => {
    write(A, null);
    expect(staleReason(root)).toMatch(/missing/);
  });

  it('finds a package that is new, gone, of another version, of other content, or deleted by hand', () => {
    mkdirSync(join(root, 'node_modules'));
    write(A, {});
    expect(staleReason(root)).toMatch(/not installed/);
    write({}, A);
    expect(staleReason(root)).toMatch(/not in the lock file/);
    write(A, { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-a' } });
    expect(staleReason(root)).toMatch(/1\.0\.1/);
    write(A, { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-other' } });
    expect(staleReason(root)).toMatch(/lock file names/);
    write(A, A);
    rmSync(join(root, 'node_modules/a'), { recursive: true });
    expect(staleReason(root)).toMatch(/removed/);
  });

  it('imports node: modules alone', () => {
    const text = readFileSync('scripts/ensure-installed.mjs', 'utf8');
    const imported = [...text.matchAll(/from '([^']+)'/g)].map((match) => match[1]!);
    expect(imported.length).toBeGreaterThan(0);
    expect(imported.filter((name) => !name.startsWith('node:'))).toEqual([]);
  });
});
