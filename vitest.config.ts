/**
 * Three projects: `node` has everything but `*.browser.test.ts` and `*.page.test.ts`; `browser` has the former and runs them in a real
 * Chromium; `page` has the latter, the long visits of the demo page, which `npm test` leaves to `npm run test:page`. Without a browser the second
 * is left out and says so; with CI set that is an error.
 */
import { availableParallelism } from 'node:os';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { BROWSER_ARGS, HOW_TO_GET_ONE, findBrowser } from './scripts/find-browser.mjs';
import { builtWorker, kernelModules } from './scripts/vite-plugins.mjs';

const executablePath = await findBrowser();

if (executablePath === null) {
  if (process.env.CI) throw new Error(`No browser to test in, and CI is set.\n${HOW_TO_GET_ONE}`);
  console.warn(`\nNo Chromium was found: the browser half of the tests is left out.\n${HOW_TO_GET_ONE}\n`);
} else {
  // Tests that drive a browser by themselves find it here.
  process.env.CHROME_PATH = executablePath;
}

const nodeProject: TestProjectConfiguration = {
  plugins: [kernelModules(), builtWorker()],
  test: {
    name: 'node',
    environment: 'node',
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.browser.test.ts', 'test/**/*.page.test.ts', '**/node_modules/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
};

const pageProject: TestProjectConfiguration = {
  plugins: nodeProject.plugins,
  test: { ...nodeProject.test, name: 'page', include: ['test/**/*.page.test.ts'], exclude: ['**/node_modules/**'] },
};

const browserProject = (path: string): TestProjectConfiguration => ({
  plugins: [kernelModules()],
  optimizeDeps: { include: ['comlink', 'idb', 'fast-check', 'apache-arrow'] },
  test: {
    name: 'browser',
    include: ['test/**/*.browser.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath: path, args: BROWSER_ARGS } }),
      instances: [{ browser: 'chromium' }],
    },
  },
});

// One file at a time would be the default on two cores, and much of the suite waits for disks and browsers.
const maxWorkers = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  test: { maxWorkers, projects: executablePath === null ? [nodeProject, pageProject] : [nodeProject, pageProject, browserProject(executablePath)] },
});
