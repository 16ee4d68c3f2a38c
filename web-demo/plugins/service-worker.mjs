/** Writes `sw.js` beside the built page: `src/service-worker.js` with the names of what was built. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a browser has no SIMD, no workers, or the like: large, and rarely needed. */
const OTHERS = /^assets\/(?:browser-local-engine|browser-elanus_worker-source|browser-elanus_kernels-simd|worker-full)-/;

/** @param {string} publicFolder @returns a hash of the sample's files, by which a page asks for them */
export function sampleVersion(publicFolder) {
  const hash = createHash('sha256');
  for (const name of readdirSync(join(publicFolder, 'sample')).sort()) hash.update(name).update(readFileSync(join(publicFolder, 'sample', name)));
  return hash.digest('hex').slice(0, 12);
}

/** @param {{ template: string, publicFolder: string, sample: string }} paths */
export function serviceWorker({ template, publicFolder, sample }) {
  return {
    name: 'elanus-service-worker',
    apply: 'build',
    generateBundle: {
      // Behind what writes the page.
      order: 'post',
      handler(_options, bundle) {
        const hash = createHash('sha256');
        const copied = readdirSync(publicFolder, { withFileTypes: true }).filter((entry) => entry.isFile());
        for (const { name } of copied) hash.update(name).update(readFileSync(join(publicFolder, name)));
        const built = Object.keys(bundle).filter((name) => !name.endsWith('.map'));
        for (const name of built.toSorted()) hash.update(name).update(String(bundle[name].code ?? bundle[name].source));
        const code = readFileSync(template, 'utf8');
        hash.update(code).update(sample);
        const entry = Object.values(bundle).find(({ type, isEntry }) => type === 'chunk' && isEntry).fileName;
        const names = {
          BUILD: hash.digest('hex').slice(0, 12),
          ENTRY: entry,
          FILES: [...built.filter((name) => !OTHERS.test(name)), ...copied.map(({ name }) => name)],
          OTHERS: built.filter((name) => OTHERS.test(name)),
          SAMPLE: sample,
        };
        if (!names.FILES.includes('index.html')) throw new Error('the page is not in the build yet: see plugins/service-worker.mjs');
        const head = Object.entries(names).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
        this.emitFile({ type: 'asset', fileName: 'sw.js', source: `${head.join('\n')}\n${code}` });
      },
    },
  };
}
