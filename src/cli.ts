#!/usr/bin/env node
/** The `elanus` command. */
import { access, readFile, rename, rm } from 'node:fs/promises';
import process from 'node:process';
import { run } from './cli/main.ts';
import { loadKernels } from './kernels/load.ts';
import { openNodeStore, resolveNodeUrl } from './platform/node-stores.ts';
import { splitUrl } from './platform/url.ts';

/** Kernels lie beside this file, as they are: the copies that the library carries inside are for those who have no files. */
const kernelFile = (name: string) => () => readFile(new URL(`./${name}`, import.meta.url));

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

process.exitCode = await run(process.argv.slice(2), {
  openStore: openNodeStore,
  folderOf(href) {
    const { scheme, path } = resolveNodeUrl(splitUrl(href));
    return scheme === 'file' ? path : null;
  },
  readFile: async (path) => new Uint8Array(await readFile(path)),
  exists: (path) => access(path).then(() => true, () => false),
  move: rename,
  removeFile: (path) => rm(path, { force: true }),
  loadKernels: () => loadKernels({ simd: kernelFile('core.wasm'), relaxed: kernelFile('core-relaxed.wasm') }),
  library: async () => ({ ...(await import('./node.ts')), ...(await import('./node-io.ts')) }),
  print: (line) => void process.stdout.write(`${line}\n`),
  warn: (line) => void process.stderr.write(`${line}\n`),
  status: process.stderr.isTTY ? (text) => void process.stderr.write(`\r\x1b[K${text}`) : null,
  version,
});
