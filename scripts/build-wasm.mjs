// Compiles assembly/ to build/kernels/{simd,relaxed}.wasm by asconfig.json's targets, and holds their size.
// `--text` also writes the .wat beside each, for reading the hot loops.
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import asc from 'assemblyscript/asc';

const GZIP_BYTES_MAX = 60 * 1024;
const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
mkdirSync('build/kernels', { recursive: true });

for (const target of ['simd', 'relaxed']) {
  const text = process.argv.includes('--text') ? ['--textFile', `build/kernels/${target}.wat`] : [];
  const { error, stderr } = await asc.main(['--config', 'asconfig.json', '--target', target, ...text]);
  if (error) {
    process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
    process.exit(1);
  }
  const bytes = readFileSync(`build/kernels/${target}.wasm`);
  const gzipBytes = gzipSync(bytes).length;
  console.log(`build/kernels/${target}.wasm: ${bytes.length} bytes, ${gzipBytes} gzipped`);
  if (!WebAssembly.validate(bytes) && target === 'simd') throw new Error('simd.wasm does not validate here');
  if (gzipBytes > GZIP_BYTES_MAX) throw new Error(`${target}.wasm is ${gzipBytes} bytes gzipped, at most ${GZIP_BYTES_MAX} are allowed`);
}
