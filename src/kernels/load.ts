/**
 * Choosing a kernel build; `instantiate.ts` binds it to a memory. The order is relaxed SIMD, plain SIMD, scalar. Whether the engine
 * has relaxed SIMD is asked with a module of 56 bytes, before the real one is fetched. Where the bytes come from is the
 * caller's business.
 */
import { ElanusError } from '../util/error.ts';

export type KernelVariant = 'relaxed' | 'simd' | 'scalar';

/** Compiled kernels: plain data that can be posted to a worker and instantiated there. */
export interface KernelModule {
  readonly variant: KernelVariant;
  /** null for the scalar twin. */
  readonly module: WebAssembly.Module | null;
  /** Most bytes of one linear memory; absent: 4 GiB, more than which 32-bit pointers do not reach. */
  readonly memoryBytesMax?: number;
  /** Why the choice is not the fastest build; absent when it is. */
  readonly reason?: string;
}

export type KernelSource = () => Promise<BufferSource | WebAssembly.Module> | BufferSource | WebAssembly.Module;

export interface KernelSources {
  readonly simd: KernelSource;
  readonly relaxed: KernelSource;
  /** Takes this build or fails: for tests and benches. */
  readonly prefer?: KernelVariant;
  /** The user's own copy of a build, instead of the sources. */
  readonly wasm?: BufferSource | WebAssembly.Module;
}

/** (func (export "f") (param i32 i32 i32) (result i32) …): 8-bit a, b and 32-bit c in all lanes; lane 0 of dot(a, b), plus c or times c. */
const probe = (...body: number[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 8, 1, 0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0,
    10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b,
  ]);
const RELAXED_PROBE = probe(0x20, 0, 0xfd, 0x0f, 0x20, 1, 0xfd, 0x0f, 0xfd, 0x92, 2, 0x20, 2, 0xfd, 0x10, 0xfd, 0xba, 1, 0xfd, 0x1b, 0);
const SIMD_PROBE = probe(0x20, 0, 0xfd, 0x10, 0x20, 1, 0xfd, 0x10, 0xfd, 0xba, 1, 0x20, 2, 0xfd, 0x11, 0xfd, 0xae, 1, 0xfd, 0x1b, 0);

/**
 * The probes are run, not only validated, because relaxed SIMD is young: V8 11.3, for one, accepts the accumulating dot
 * product and in its baseline compiler forgets the sum so far. Where no code may be compiled the answer
 * is that of validation; compiling the build itself will tell.
 */
function passes(bytes: Uint8Array<ArrayBuffer>, a: number, b: number, c: number, expected: number): boolean {
  if (!WebAssembly.validate(bytes)) return false;
  let instance: WebAssembly.Instance;
  try {
    instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  } catch {
    return true;
  }
  return (instance.exports['f'] as (a: number, b: number, c: number) => number)(a, b, c) === expected;
}

/** Which builds this engine runs rightly, fastest first; scalar is always among them. */
export function supportedVariants(): KernelVariant[] {
  if (typeof WebAssembly !== 'object') return ['scalar'];
  const variants: KernelVariant[] = [];
  if (passes(RELAXED_PROBE, -5, 7, 3, -5 * 7 * 4 * 3)) variants.push('relaxed');
  if (passes(SIMD_PROBE, -5, 7, 1000, -5 * 7 * 2 + 1000)) variants.push('simd');
  return [...variants, 'scalar'];
}

/**
 * Compiles the fastest build that the engine accepts. Answers the scalar twin with a reason where WebAssembly is missing
 * or forbidden. INVALID_ARGUMENT for bytes that are no WebAssembly, NOT_SUPPORTED for a preferred build that cannot run.
 */
export async function loadKernels(sources: KernelSources): Promise<KernelModule> {
  const supported = supportedVariants();
  if (sources.prefer && !supported.includes(sources.prefer)) {
    throw new ElanusError('NOT_SUPPORTED', `"prefer" expected one of ${supported.join(', ')} on this engine, got ${sources.prefer}`, { supported });
  }
  const scalar = (reason: string): KernelModule => ({ variant: 'scalar', module: null, reason });
  if (sources.prefer === 'scalar') return scalar('the scalar kernels were asked for');
  if (supported[0] === 'scalar') return scalar(typeof WebAssembly === 'object' ? 'this engine has no WebAssembly SIMD' : 'this engine has no WebAssembly');

  const variant = sources.prefer ?? supported[0];
  const reason = variant === 'simd' ? (sources.prefer ? 'the plain SIMD kernels were asked for' : 'this engine has no relaxed SIMD') : undefined;
  const given = sources.wasm ?? (await sources[variant]());
  try {
    const module = given instanceof WebAssembly.Module ? given : await WebAssembly.compile(checkMagic(given));
    // A user's own copy may be either build; its exports say which.
    const own = sources.wasm ? variantOf(module) : variant;
    return { variant: own, module, ...(own === 'simd' ? { reason: reason ?? 'the module given is the plain SIMD build' } : {}) };
  } catch (error) {
    if (sources.prefer || !(error instanceof WebAssembly.CompileError)) throw error;
    return scalar(`WebAssembly was refused: ${error.message}`);
  }
}

function variantOf(module: WebAssembly.Module): KernelVariant {
  const { exports } = new WebAssembly.Instance(module, { env: { memory: new WebAssembly.Memory({ initial: 1 }) } });
  return (exports['isRelaxed'] as WebAssembly.Global | undefined)?.value === 1 ? 'relaxed' : 'simd';
}

/** A server that answers a missing file with its start page is the usual reason for bytes that are no WebAssembly. */
function checkMagic(source: BufferSource): BufferSource {
  const bytes = source instanceof ArrayBuffer ? new Uint8Array(source) : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (bytes.length >= 8 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d) return source;
  const isHtml = bytes[0] === 0x3c || (bytes[0] === 0xef && bytes[3] === 0x3c);
  throw new ElanusError(
    'INVALID_ARGUMENT',
    `"wasm" expected a WebAssembly module, got ${isHtml ? 'HTML: the server answers the .wasm URL with a page, serve the file itself (type application/wasm)' : `${bytes.length} bytes of something else`}`,
  );
}
