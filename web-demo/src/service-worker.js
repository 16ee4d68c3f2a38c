/**
 * Keeps the page working without a network, in any folder of any host. `plugins/service-worker.mjs` puts before this code:
 *
 * - BUILD: a hash of all files of the build
 * - ENTRY: the page's first script
 * - FILES: the build's files that every visitor may need; they are fetched when this is installed
 * - OTHERS: those that few browsers need; they are kept when they were used
 * - SAMPLE: a hash of the sample; its files are kept as they are fetched, which the page does with that hash in the address
 *
 * No mix of builds: scripts and styles have hashes in their names, a page asks for those of its own build, and a build's files
 * are in a cache of their own. The page itself comes from the network where there is one. An older worker and its cache stay
 * until the pages that it serves are closed, or until one page is left and that is of the newer build.
 */
/* global BUILD, ENTRY, FILES, OTHERS, SAMPLE */

const { scope } = registration;
const buildCache = `elanus-demo:build:${BUILD}:${scope}`;
const sampleCache = `elanus-demo:sample:${SAMPLE}:${scope}`;
const PAGE = 'index.html';
/** A network that does not answer is none. */
const PATIENCE_MS = 4000;

const files = new Set(FILES);
const others = new Set(OTHERS);

addEventListener('install', (event) => event.waitUntil(install()));
addEventListener('activate', (event) => event.waitUntil(activate()));
addEventListener('message', (event) => event.waitUntil(takeOver(event.data)));
addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  url.hash = '';
  if (request.method !== 'GET' || !url.href.startsWith(scope)) return;
  const path = url.href.slice(scope.length).split('?', 1)[0];
  if (request.mode === 'navigate') {
    if (path === '' || path === PAGE) event.respondWith(page(request));
  } else if (files.has(path)) event.respondWith(kept(path, request));
  else if (others.has(path)) event.respondWith(keptOnUse(event, buildCache));
  else if (path.startsWith('sample/') && url.searchParams.get('v') === SAMPLE) event.respondWith(keptOnUse(event, sampleCache));
});

/** All files or none: what is missing, or is of another build by now, ends it, and the browser tries again on a later visit. */
async function install() {
  const cache = await caches.open(buildCache);
  try {
    await Promise.all(FILES.map((path) => keep(cache, path)));
  } catch (error) {
    await caches.delete(buildCache);
    throw error;
  }
}

async function keep(cache, path) {
  const url = new URL(path, scope);
  const response = await fetch(url, { cache: 'no-cache' });
  // Some hosts answer with a page where a file is missing.
  if (response.status !== 200 || (path.endsWith('.js') && !/javascript/.test(response.headers.get('content-type') ?? ''))) {
    throw new Error(`${path} answered ${response.status}, ${response.headers.get('content-type')}`);
  }
  if (path === PAGE && !(await response.clone().text()).includes(ENTRY)) throw new Error('the page is of another build');
  await cache.put(url, response);
}

async function activate() {
  for (const name of await caches.keys()) {
    const isOurs = name.startsWith('elanus-demo:') && name.endsWith(`:${scope}`);
    if (isOurs && name !== buildCache && name !== sampleCache) await caches.delete(name);
  }
  await clients.claim();
}

/** A page says of which build it is: where it is the only one, and of this one, nobody needs the older worker. */
async function takeOver({ entry } = {}) {
  if (entry !== ENTRY) return;
  const pages = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (pages.filter(({ url }) => url.startsWith(scope)).length <= 1) await skipWaiting();
}

async function page(request) {
  const stored = await (await caches.open(buildCache)).match(new URL(PAGE, scope));
  if (stored === undefined) return fetch(request);
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, stored);
  });
  try {
    return await Promise.race([fetch(request), late]);
  } catch {
    return stored;
  } finally {
    clearTimeout(timer);
  }
}

async function kept(path, request) {
  return (await (await caches.open(buildCache)).match(new URL(path, scope))) ?? fetch(request);
}

async function keptOnUse(event, name) {
  const cache = await caches.open(name);
  const stored = await cache.match(event.request);
  if (stored !== undefined) return stored;
  const response = await fetch(event.request);
  // An answer that ends in the middle is not stored; nor where the browser gives no room.
  if (response.status === 200) event.waitUntil(cache.put(event.request, response.clone()).catch(() => {}));
  return response;
}
