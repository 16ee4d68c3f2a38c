import { describe, expect, it } from 'vitest';
import { makeConnect } from '../../src/api/connect.ts';
import { parseUrl } from '../../src/api/url.ts';
import { ElanusError } from '../../src/util/error.ts';
import { aesKey } from '../support/aes-key.ts';
import { connectToStrict } from '../support/connect-for-tests.ts';
import { codeOf, codeOfAsync } from '../support/refusals.ts';

describe('connection strings', () => {
  it.each([
    ['memory:', 'memory', ''],
    ['local:app', 'local', 'app'],
    ['local:my-app.v2_x', 'local', 'my-app.v2_x'],
    ['idb:my app', 'idb', 'my app'],
    ['opfs:my-app', 'opfs', 'my-app'],
    ['file:./data', 'file', './data'],
    ['file:///srv/data', 'file', '///srv/data'],
    ['file:C:\\data', 'file', 'C:\\data'],
  ])('%s', (href, scheme, path) => {
    expect(parseUrl(href)).toEqual({ scheme, path, href });
  });

  it.each(['', 'memory', './data', '/data', 'C:\\data', 'memory:x', 'local:', 'local:../x', 'local:a/b', 'local:.hidden', 'opfs:', 'opfs:a/b', 'file:', 'file:a\0b', 'idb:', 'mysql://x', ':x', 7, null, undefined, new URL('file:///x')])(
    '%j is refused',
    (url) => {
      expect(codeOf(() => parseUrl(url))).toBe('INVALID_ARGUMENT');
    },
  );

  it.each(['https://host/path/', 's3://bucket/prefix', 'milvus://host:19530', 'milvus+https://host'])('%s is not there yet', (url) => {
    expect(codeOf(() => parseUrl(url))).toBe('NOT_SUPPORTED');
  });
});

const wrongKeys = {
  short: await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, false, ['encrypt', 'decrypt']),
  deaf: await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt']),
  other: await crypto.subtle.generateKey({ name: 'AES-CBC', length: 256 }, false, ['encrypt', 'decrypt']),
};

describe('connect', () => {
  it('has an engine started with complete options', async () => {
    const { connect, requests } = connectToStrict();
    await connect('memory:');
    await connect('local:x', { mode: 'worker', workers: 2, durability: 'relaxed', readOnly: true, recover: 'truncate', cacheBytes: 0, retentionSeconds: 60, historyBytes: 5, persist: true, encryptionKey: await aesKey(1) });
    expect(requests).toEqual([
      { url: 'memory:', mode: 'auto', workers: undefined, wasm: undefined, persist: false, options: { durability: 'strict', readOnly: false, recover: undefined, cacheBytes: 256 * 2 ** 20, retentionSeconds: 86_400, historyBytes: undefined }, encryptionKey: undefined },
      { url: 'local:x', mode: 'worker', workers: 2, wasm: undefined, persist: true, options: { durability: 'relaxed', readOnly: true, recover: 'truncate', cacheBytes: 0, retentionSeconds: 60, historyBytes: 5 }, encryptionKey: expect.any(CryptoKey) },
    ]);
  });

  it('passes wasm and progress on', async () => {
    const { connect, requests } = connectToStrict();
    const seen: unknown[] = [];
    await connect('memory:', { wasm: Uint8Array.of(0), onProgress: (progress) => seen.push(progress) });
    expect(requests[0].wasm).toEqual(Uint8Array.of(0));
    expect(seen).toEqual([{ phase: 'recover', done: 1, total: 1 }]);
    await connect('memory:', { wasm: new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) });
  });

  it.each<[string, unknown]>([
    ['an unknown option', { durabilty: 'relaxed' }],
    ['an unknown mode', { mode: 'thread' }],
    ['an unknown durability', { durability: 'none' }],
    ['an unknown recover', { recover: true }],
    ['readOnly: 1', { readOnly: 1 }],
    ['workers: -1', { workers: -1 }],
    ['workers: "all"', { workers: 'all' }],
    ['cacheBytes: -1', { cacheBytes: -1 }],
    ['cacheBytes: "1 GB"', { cacheBytes: '1 GB' }],
    ['retentionSeconds: -1', { retentionSeconds: -1 }],
    ['historyBytes: 0.5', { historyBytes: 0.5 }],
    ['persist: "yes"', { persist: 'yes' }],
    ['an encryptionKey of 16 bytes', { encryptionKey: new Uint8Array(16) }],
    ['a password for an encryptionKey', { encryptionKey: 'correct horse battery staple, 32' }],
    ['an encryptionKey of 128 bits', { encryptionKey: wrongKeys.short }],
    ['an encryptionKey that may not decrypt', { encryptionKey: wrongKeys.deaf }],
    ['an encryptionKey for another cipher', { encryptionKey: wrongKeys.other }],
    ['a wasm URL', { wasm: 'https://cdn/core.wasm' }],
    ['a signal that is none', { signal: 'stop' }],
    ['a progress that is no function', { onProgress: {} }],
    ['options that are no object', 'strict'],
    ['options that are null', null],
  ])('refuses %s before an engine is started', async (_, options) => {
    const { connect, requests } = connectToStrict();
    expect(await codeOfAsync(connect('memory:', options as never))).toBe('INVALID_ARGUMENT');
    expect(requests).toEqual([]);
  });

  it.each(['token'])('says that %s is not there yet', async (name) => {
    const { connect } = connectToStrict();
    expect(await codeOfAsync(connect('memory:', { [name]: 1 } as never))).toBe('NOT_SUPPORTED');
    await (await connect('memory:', { [name]: undefined } as never)).close();
  });

  it('does not start an engine for a signal that has fired', async () => {
    const { connect, requests } = connectToStrict();
    expect(await codeOfAsync(connect('memory:', { signal: AbortSignal.abort() }))).toBe('ABORTED');
    expect(requests).toEqual([]);
  });

  it('closes an engine that came up after the signal fired', async () => {
    const { connect } = connectToStrict();
    const controller = new AbortController();
    let isClosed = false;
    const late = makeConnect(async () => {
      controller.abort();
      return { close: async () => void (isClosed = true) } as never;
    });
    expect(await codeOfAsync(late('memory:', { signal: controller.signal }))).toBe('ABORTED');
    expect(isClosed).toBe(true);
    await (await connect('memory:')).close();
  });

  it('rejects as the launcher does', async () => {
    const locked = makeConnect(async () => {
      throw new ElanusError('LOCKED', 'another process writes here');
    });
    expect(await codeOfAsync(locked('file:./x'))).toBe('LOCKED');
  });
});

describe('events', () => {
  const failure = { type: 'error', code: 'STORAGE', message: 'the disk is gone', detail: { file: 's1.seg' }, collection: 'birds' } as const;

  it('reach their listeners until these stop', async () => {
    const { connect, emit } = connectToStrict();
    const db = await connect('memory:');
    const errors: ElanusError[] = [];
    const indexed: unknown[] = [];
    const stop = db.on('error', (error) => errors.push(error));
    db.on('indexed', (event) => indexed.push(event));
    emit(failure);
    emit({ type: 'indexed', collection: 'birds', field: 'v' });
    stop();
    emit(failure);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ name: 'ElanusError', code: 'STORAGE', message: 'the disk is gone', detail: { file: 's1.seg', collection: 'birds' } });
    expect(indexed).toEqual([{ collection: 'birds', field: 'v' }]);
  });

  it('of failure wait for the first listener', async () => {
    const { connect, emit } = connectToStrict();
    const db = await connect('memory:');
    for (let i = 0; i < 40; i++) emit({ ...failure, detail: { i } });
    const first: unknown[] = [];
    const second: unknown[] = [];
    db.on('error', (error) => first.push(error.detail.i));
    db.on('error', (error) => second.push(error.detail.i));
    expect(first).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect(second).toEqual([]);
  });

  it('may be listened to twice by one function', async () => {
    const { connect, emit } = connectToStrict();
    const db = await connect('memory:');
    let calls = 0;
    const listener = () => void calls++;
    const stop = db.on('indexed', listener);
    db.on('indexed', listener);
    stop();
    stop();
    emit({ type: 'indexed', collection: 'birds', field: 'v' });
    expect(calls).toBe(1);
  });

  it('refuse another name', async () => {
    const db = await connectToStrict().connect('memory:');
    expect(codeOf(() => db.on('close' as never, () => {}))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => db.on('error', undefined as never))).toBe('INVALID_ARGUMENT');
  });
});
