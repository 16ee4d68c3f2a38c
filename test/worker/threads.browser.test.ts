/** Calls to web workers, and what only a browser does. */
import { describe, expect, it } from 'vitest';
import { startBrowserThread } from '../../src/platform/browser-threads.ts';
import { startRole } from '../../src/worker/thread.ts';
import { suite } from '../contract/threads.ts';
import { STUB_METHODS, type Stub } from './fixture-roles.ts';

const start = (): Worker => new Worker(new URL('./fixture-thread.browser.ts', import.meta.url), { type: 'module' });
const noSource = async (): Promise<string> => '';

suite('web workers', () => startBrowserThread(start, noSource));

describe('starting a web worker', () => {
  it('starts from a Blob where its file cannot be loaded or may not be', async () => {
    const source = `
      postMessage({ elanus: 'ready' });
      addEventListener('message', ({ data }) => postMessage({ id: data.id, type: 'RAW', value: 'from the blob' }));`;
    const missing = (): Worker => new Worker('/there/is/no/such/worker.js', { type: 'module' });
    const forbidden = (): Worker => {
      throw new DOMException('not from that origin', 'SecurityError');
    };
    for (const broken of [missing, forbidden]) {
      const remote = await startRole<Pick<Stub, 'echo'>>(await startBrowserThread(broken, async () => source), { role: 'stub' }, STUB_METHODS as ['echo'], { what: 'stub' });
      expect(await remote.client.echo(1)).toBe('from the blob');
      await remote.end();
    }
  });

  it('rejects with the first cause where the Blob does not help', async () => {
    const forbidden = (): Worker => {
      throw new DOMException('not from that origin', 'SecurityError');
    };
    await expect(startBrowserThread(forbidden, noSource)).rejects.toThrow('not from that origin');
    await expect(startBrowserThread(forbidden, async () => 'throw new Error("broken source")')).rejects.toThrow('not from that origin');
  });

  it('a worker that closes itself without a word is found dead', async () => {
    const source = `
      navigator.locks.request('test-life-lock', () => { postMessage({ elanus: 'ready', lifeLock: 'test-life-lock' }); return new Promise(() => {}); });
      addEventListener('message', () => close());`;
    const forbidden = (): Worker => {
      throw new DOMException('not from that origin', 'SecurityError');
    };
    const handle = await startBrowserThread(forbidden, async () => source);
    await expect(startRole<Stub>(handle, { role: 'stub' }, STUB_METHODS, { what: 'stub' })).rejects.toMatchObject({ code: 'WORKER_LOST' });
  });
});
