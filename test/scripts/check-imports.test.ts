import { describe, expect, it } from 'vitest';
import { checkFile, checkTree } from '../../scripts/check-imports.mjs';

describe('import arrow', () => {
  it('holds in the tree', () => {
    expect(checkTree()).toEqual([]);
  });

  it.each([
    ['util/heap.ts', `import { x } from '../schema/types.ts';`],
    ['storage/memory.ts', `import { openEngine } from '../engine/engine.ts';`],
    ['storage/memory.ts', `import type { EngineClient } from '../engine/client.ts';`],
    ['api/database.ts', `import { openEngine } from '../engine/engine.ts';`],
    ['api/database.ts', `export { openEngine } from '../engine/engine.ts';`],
    ['api/database.ts', `const engine = await import('../engine/engine.ts');`],
    ['worker/pool.ts', `import { runBuild } from '../index/build.ts';`],
    ['worker/pool.ts', `import { anything } from '../index/index.ts';`],
    ['engine/engine.ts', `import { nodePlatform } from '../platform/node.ts';`],
    ['engine/engine.ts', `type P = import('../platform/node.ts').P;`],
    ['engine/engine.ts', `await import(name);`],
    ['kernels/load.ts', `import base64 from 'elanus:kernels-simd';`],
    ['nowhere/file.ts', `export const x = 1;`],
    ['util/heap.ts', `import { x } from '../../scripts/x.mjs';`],
  ])('refuses %s with %s', (file, text) => {
    expect(checkFile(file, text)).toHaveLength(1);
  });

  it.each([
    ['api/database.ts', `import type { EngineClient } from '../engine/client.ts';`],
    ['engine/engine.ts', `import { openSections } from '../storage/sections/index.ts'; import type { Platform } from '../platform/platform.ts';`],
    ['worker/pool.ts', `import type { BuildJob } from '../index/index.ts';`],
    ['browser-worker.ts', `await import(/* @vite-ignore */ new URL('./part.js', import.meta.url).href);`],
    ['storage/wal/writer.ts', `import { x } from './format.ts'; import { y } from '../store.ts';`],
    ['node.ts', `import { openEngine } from './engine/engine.ts'; import { nodePlatform } from './platform/node.ts';`],
  ])('lets %s have %s', (file, text) => {
    expect(checkFile(file, text)).toEqual([]);
  });
});

describe('what belongs to the platform', () => {
  it.each([
    ['engine/engine.ts', `import { readFile } from 'node:fs/promises';`],
    ['engine/engine.ts', `if (typeof window !== 'undefined') start();`],
    ['engine/engine.ts', `const n = navigator.hardwareConcurrency;`],
    ['engine/engine.ts', `const n = globalThis.navigator;`],
    ['storage/memory.ts', `const db = indexedDB.open('x');`],
    ['api/database.ts', `const home = { process };`],
    ['api/database.ts', `const bytes = Buffer.from('x');`],
    ['worker/pool.ts', `const worker = new Worker('x.js');`],
    ['platform/platform.ts', `import { join } from 'node:path';`],
  ])('is refused in %s: %s', (file, text) => {
    expect(checkFile(file, text)).toHaveLength(1);
  });

  it.each([
    ['storage/fs.ts', `import { open } from 'node:fs/promises';`],
    ['storage/fs/io.ts', `import { open } from 'node:fs/promises';`],
    ['storage/idb.ts', `import { openDB } from 'idb'; const all = indexedDB.databases();`],
    ['platform/browser.ts', `const worker = new Worker(new URL('./worker.js', import.meta.url));`],
    ['engine/engine.ts', `const process = (row: { window: number }): number => row.window; interface Worker { readonly navigator: string }`],
  ])('is granted to %s: %s', (file, text) => {
    expect(checkFile(file, text)).toEqual([]);
  });

  it.each([
    ['schema/arrow.ts', `import { makeData } from 'apache-arrow';`],
    ['engine/engine.ts', `import { wrap } from 'comlink';`],
    ['platform/browser.ts', `import { wrap } from 'comlink';`],
    ['util/heap.ts', `import something from 'left-pad';`],
  ])('packages stay where they were granted, not in %s: %s', (file, text) => {
    expect(checkFile(file, text)).toHaveLength(1);
  });

  it.each([`eval('1')`, `const f = new Function('return 1');`, `const f = Function('return 1');`])('nothing compiles code at run time: %s', (text) => {
    expect(checkFile('platform/browser.ts', text)).toHaveLength(1);
  });
});
