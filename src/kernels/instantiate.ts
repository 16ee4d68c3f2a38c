/** Binding a chosen kernel build to a linear memory. Apart from the choice, so that an entry which only chooses stays small. */
import { assert } from '../util/assert.ts';
import { ElanusError } from '../util/error.ts';
import { ABI_VERSION } from './abi.ts';
import { KERNEL_EXPORT_NAMES, type KernelExports, type KernelInstance } from './exports.ts';
import type { KernelModule } from './load.ts';

/** The scalar twin, on threads that have been given it: few ever need it, and it would be a tenth of what every page downloads. */
let twin: (() => KernelInstance) | null = null;

/** Has modules without WebAssembly served by this twin (`scalarInstance`) on this thread. */
export function useTwin(makeInstance: () => KernelInstance): void {
  twin = makeInstance;
}

/** Binds a module to a memory of its own. */
export function instantiate(kernels: KernelModule): KernelInstance {
  if (!kernels.module) {
    assert(twin !== null, 'a thread without WebAssembly has the scalar kernels');
    return twin();
  }
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(kernels.module, { env: { memory } });
  const found = (exports['abiVersion'] as WebAssembly.Global | undefined)?.value as unknown;
  const missing = KERNEL_EXPORT_NAMES.find((name) => typeof exports[name] !== 'function');
  if (found !== ABI_VERSION || missing !== undefined) {
    const difference = found === ABI_VERSION ? `kernel module has no ${missing}` : `kernel module expected ABI version ${ABI_VERSION}, got ${String(found)}`;
    throw new ElanusError('FORMAT_UNSUPPORTED', `${difference}: the .wasm file and the library are of different releases`, {
      expected: ABI_VERSION,
      found: typeof found === 'number' ? found : null,
    });
  }
  return {
    exports: exports as unknown as KernelExports,
    memory: memory as KernelInstance['memory'],
    heapBase: (exports['heapBase'] as WebAssembly.Global).value as number,
  };
}
