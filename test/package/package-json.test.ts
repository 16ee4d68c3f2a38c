/** What `package.json` promises to those who install the package, and to those who clone the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  type: string;
  license: string;
  sideEffects: boolean;
  engines: { node: string };
  files: string[];
  bin: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
  scripts: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies: Record<string, string>;
};

describe('package.json', () => {
  it('is ESM without side effects, under Apache-2.0, for Node 20.19 and newer', () => {
    expect(manifest).toMatchObject({ type: 'module', sideEffects: false, license: 'Apache-2.0', engines: { node: '>=20.19' } });
    expect(readFileSync('LICENSE', 'utf8')).toContain('Apache License');
  });

  it('pins every dependency to one version', () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('has its entries, types first and the browser before the default', () => {
    expect(Object.keys(manifest.exports)).toEqual(['.', './worker', './arrow', './filter', './io', './core.wasm', './package.json']);
    expect(Object.keys(manifest.exports['.']!)).toEqual(['types', 'browser', 'default']);
    expect(Object.keys(manifest.exports['./worker']!)).toEqual(['types', 'browser', 'default']);
    expect(Object.keys(manifest.exports['./io']!)).toEqual(['types', 'browser', 'default']);
  });

  it('names files that the build has made', () => {
    const files = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)));
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
    expect(Object.values(manifest.bin).filter((file) => !existsSync(file))).toEqual([]);
    expect(manifest.files.filter((file) => !existsSync(file))).toEqual([]);
  });

  it('has no install script: installing compiles and downloads nothing', () => {
    expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });

  it('every script runs a file that exists', () => {
    const named = Object.values(manifest.scripts).flatMap((command) => [...command.matchAll(/\b[\w./-]+\.(?:mjs|js|ts)\b/g)].map((match) => match[0]));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((file) => !existsSync(file))).toEqual([]);
  });

  it('has the lock file of these dependencies, without the hosts they came from', () => {
    const text = readFileSync('package-lock.json', 'utf8');
    const lock = JSON.parse(text) as { packages: Record<string, { version?: string; dependencies?: object; devDependencies?: object }> };
    expect(text).not.toContain('"resolved"');
    expect(lock.packages['']!.version).toBe(manifest.version);
    expect(lock.packages['']!.dependencies ?? {}).toEqual(manifest.dependencies ?? {});
    expect(lock.packages['']!.devDependencies).toEqual(manifest.devDependencies);
  });

  it('has in its lock file the optional packages of every platform, without which npm ci refuses', () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, { optionalDependencies?: Record<string, string> }> };
    const isLocked = (from: string, name: string): boolean => {
      for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
        if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true;
        if (!folder.includes('/node_modules/')) return `node_modules/${name}` in packages;
      }
    };
    const wanted = Object.entries(packages).flatMap(([path, entry]) => Object.keys(entry.optionalDependencies ?? {}).map((name) => ({ path, name })));
    expect(wanted.length).toBeGreaterThan(10);
    expect(wanted.filter(({ path, name }) => !isLocked(path, name))).toEqual([]);
  });
});

describe('documents', () => {
  it.each(['README.md', 'docs/architecture.md', 'docs/arrow.md', 'docs/cli.md', 'docs/filters.md', 'docs/import-export.md', 'docs/media.md', 'docs/performance.md', 'CHANGELOG.md'].filter((file) => existsSync(file)))('%s names no npm script that does not exist', (file) => {
    const text = readFileSync(file, 'utf8');
    const named = [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map((match) => match[1] ?? match[2]!);
    // Programs with a package.json of their own are named with their folder, by --prefix.
    expect(named.filter((script) => !(script in manifest.scripts))).toEqual([]);
    if (file === 'README.md') expect(named).toEqual(expect.arrayContaining(['start', 'test']));
  });
});
