/**
 * A static file server for the built demo page: plain files, no special headers, on this machine only. What works
 * here works on any static host.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

export const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.md': 'text/markdown; charset=utf-8',
  '.gz': 'application/gzip',
};

/**
 * @param {string} folder
 * @param {{ port?: number, tries?: number, under?: string, headers?: Record<string, string> }} [options] `port` 0 takes any free one; a busy port is
 *   followed by the next, `tries` times; `under` is the path of the folder on the server, with slashes at both ends;
 *   `headers` go with every file
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>}
 */
export async function serve(folder, { port = 0, tries = 20, under = '/', headers = {} } = {}) {
  const server = createServer((request, response) => {
    answer(folder, under, headers, request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const bound = await listen(server, port, port === 0 ? 1 : tries);
  return {
    url: `http://localhost:${bound}${under}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(folder, under, headers, request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const file = await findFile(folder, under, request.url ?? '/');
  if (file === null) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
    return;
  }
  response.writeHead(200, {
    'content-type': TYPES[extname(file.path)] ?? 'application/octet-stream',
    'content-length': file.size,
    'cache-control': 'no-cache',
    ...headers,
  });
  if (request.method === 'HEAD') response.end();
  // The reader may leave in the middle; that is no fault of ours.
  else await pipeline(createReadStream(file.path), response).catch(() => {});
}

/** The file behind a URL, never outside the folder; null where there is none. */
export async function findFile(folder, under, url) {
  let path;
  try {
    path = decodeURIComponent(url.split(/[?#]/, 1)[0]);
  } catch {
    return null;
  }
  if (!path.startsWith(under) || path.includes('\0')) return null;
  let full = normalize(join(folder, path.slice(under.length)));
  if (full !== normalize(folder) && !full.startsWith(normalize(folder + sep))) return null;
  let found = await stat(full).catch(() => null);
  if (found?.isDirectory()) {
    full = join(full, 'index.html');
    found = await stat(full).catch(() => null);
  }
  return found?.isFile() ? { path: full, size: found.size } : null;
}

async function listen(server, port, tries) {
  for (let attempt = 0; ; attempt++) {
    const wanted = port === 0 ? 0 : port + attempt;
    try {
      await new Promise((resolve, reject) => {
        server.once('error', reject);
        // The name and not an address: a browser may resolve localhost to ::1 or to 127.0.0.1.
        server.listen(wanted, 'localhost', () => {
          server.off('error', reject);
          resolve();
        });
      });
      return server.address().port;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || attempt + 1 >= tries) throw error;
    }
  }
}
