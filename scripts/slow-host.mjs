/**
 * A static host at the other end of a slow line, for measuring the first visit: it packs texts and wasm as static hosts do
 * (gzip), sends at a given rate, answers after a given time, and counts what it sent. The line is on this side and not in
 * the browser's emulation of networks because that one does not reach what workers fetch.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { findFile, TYPES } from './serve.mjs';

/** What a host packs; `.gz` files are sent as they are. */
const PACKED = new Set(['.html', '.js', '.mjs', '.css', '.json', '.svg', '.wasm', '.md', '.webmanifest']);
/** Bytes of one piece on the line: so that answers share it. */
const PIECE = 8192;
/** What a request and its answer take besides the body: lines of headers, about. */
const HEADERS = 300;

/**
 * @param {string} folder
 * @param {{ under?: string, bitsPerSecond?: number, latencyMs?: number, withhold?: (path: string) => boolean }} [options] without
 *   a rate it sends as fast as it can; what is withheld is not answered
 */
export async function serveSlowly(folder, { under = '/', bitsPerSecond = Infinity, latencyMs = 0, withhold = () => false } = {}) {
  const sent = [];
  const begin = performance.now();
  let lineIsFreeAt = 0;
  const packed = new Map();

  /** Waits until the line has taken so many bytes. */
  async function take(bytes) {
    const now = performance.now();
    lineIsFreeAt = Math.max(now, lineIsFreeAt) + (bytes * 8000) / bitsPerSecond;
    if (lineIsFreeAt > now) await new Promise((resolve) => setTimeout(resolve, lineIsFreeAt - now));
  }

  async function answer(request, response) {
    const path = (request.url ?? '/').split('?', 1)[0].slice(under.length);
    if (withhold(path)) return;
    const entry = { path, bytes: 0, fromMs: performance.now() - begin, toMs: null };
    sent.push(entry);
    const send = async (bytes) => {
      await take(bytes);
      entry.bytes += bytes;
    };
    const file = await findFile(folder, under, request.url ?? '/');
    if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
    await send(HEADERS);
    if (file === null) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
      return;
    }
    const extension = extname(file.path);
    const isPacked = PACKED.has(extension);
    let body = packed.get(file.path);
    if (body === undefined) {
      const bytes = await readFile(file.path);
      body = isPacked ? gzipSync(bytes, { level: 9 }) : bytes;
      packed.set(file.path, body);
    }
    // As static hosts have it: what the browser holds it asks for again and gets a short answer.
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end();
      entry.toMs = performance.now() - begin;
      return;
    }
    response.writeHead(200, {
      etag,
      'content-type': TYPES[extension] ?? 'application/octet-stream',
      'content-length': body.length,
      'cache-control': 'no-cache',
      ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
    });
    for (let at = 0; at < body.length && !response.destroyed; at += PIECE) {
      const piece = body.subarray(at, at + PIECE);
      await send(piece.length);
      response.write(piece);
    }
    response.end();
    entry.toMs = performance.now() - begin;
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  return {
    url: `http://localhost:${server.address().port}${under}`,
    /** Requests so far, with what was sent of their answers. */
    sent,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
