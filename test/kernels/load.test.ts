import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KERNEL_EXPORT_NAMES } from '../../src/kernels/exports.ts';
import { instantiateKernels } from '../../src/kernels/kernels.ts';
import { loadKernels, supportedVariants } from '../../src/kernels/load.ts';
import { scalarInstance } from '../../src/kernels/scalar.ts';
import { testKernels, testVariants } from '../support/kernels.ts';

const bytes = (variant: string): Uint8Array<ArrayBuffer> => Uint8Array.from(readFileSync(new URL(`../../build/kernels/${variant}.wasm`, import.meta.url)));
const sources = { simd: () => bytes('simd'), relaxed: () => bytes('relaxed') };
const HTML = new TextEncoder().encode('<!doctype html><title>Not found</title>');

describe('loading kernels', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('takes the fastest build that runs here, and says why when it is not the fastest there is', async () => {
    const module = await loadKernels(sources);
    expect(module.variant).toBe(supportedVariants()[0]);
    expect(module.reason === undefined).toBe(module.variant === 'relaxed');
  });

  it('fetches only the build that it takes', async () => {
    const simd = vi.fn(sources.simd), relaxed = vi.fn(sources.relaxed);
    await loadKernels({ simd, relaxed, prefer: 'simd' });
    expect([simd.mock.calls.length, relaxed.mock.calls.length]).toEqual([1, 0]);
  });

  it('serves with the scalar twin where WebAssembly is missing', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    const module = await loadKernels({ simd: () => expect.unreachable(), relaxed: () => expect.unreachable() });
    expect(module).toMatchObject({ variant: 'scalar', module: null, reason: 'this engine has no WebAssembly' });
    expect(instantiateKernels(module).variant).toBe('scalar');
  });

  it('serves with the scalar twin where a policy forbids compiling', async () => {
    const compile = vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new WebAssembly.CompileError('Wasm code generation disallowed by embedder'));
    expect(await loadKernels(sources)).toMatchObject({ variant: 'scalar', reason: expect.stringContaining('disallowed') });
    compile.mockRestore();
  });

  it('recognises HTML where WebAssembly was expected', async () => {
    await expect(loadKernels({ ...sources, wasm: HTML })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('HTML') });
    await expect(loadKernels({ ...sources, wasm: new Uint8Array(3) })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it("takes a user's own module and sees which build it is", async () => {
    const module = await WebAssembly.compile(bytes('simd'));
    expect(await loadKernels({ ...sources, wasm: module })).toMatchObject({ variant: 'simd', module });
  });

  it('refuses a preferred build that cannot run, by name', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    await expect(loadKernels({ ...sources, prefer: 'relaxed' })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });

  it('refuses a module of another release', () => {
    const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    expect(() => instantiateKernels({ variant: 'simd', module: empty })).toThrowError(expect.objectContaining({ code: 'FORMAT_UNSUPPORTED' }));
  });

  it('every build exports what the interface names, with the same number of parameters', async () => {
    const twin = scalarInstance().exports;
    for (const variant of testVariants().filter((v) => v !== 'scalar')) {
      const { module } = await testKernels(variant);
      const { exports } = new WebAssembly.Instance(module!, { env: { memory: new WebAssembly.Memory({ initial: 1 }) } });
      const functions = Object.entries(exports).filter(([, value]) => typeof value === 'function').map(([name]) => name);
      expect(functions.sort()).toEqual([...KERNEL_EXPORT_NAMES].sort());
      for (const name of KERNEL_EXPORT_NAMES) expect(twin[name].length, name).toBe((exports[name] as (...args: unknown[]) => unknown).length);
    }
  });

  it('the module of a memory imports nothing but that memory', async () => {
    for (const variant of ['simd', 'relaxed']) {
      if (!WebAssembly.validate(bytes(variant))) continue;
      expect(WebAssembly.Module.imports(new WebAssembly.Module(bytes(variant)))).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
    }
  });
});
