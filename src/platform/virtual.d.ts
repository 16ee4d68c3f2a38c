/** Modules that the build makes; see `scripts/virtual-modules.mjs`. */

declare module 'elanus:kernels-simd' {
  /** The plain SIMD WebAssembly build, gzip in base64. */
  const base64: string;
  export default base64;
}

declare module 'elanus:kernels-relaxed' {
  /** The relaxed SIMD WebAssembly build, gzip in base64. */
  const base64: string;
  export default base64;
}

declare module 'elanus:worker-source' {
  /** The text of the browser's worker script. */
  const text: string;
  export default text;
}
