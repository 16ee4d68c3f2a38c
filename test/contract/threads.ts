/** What must hold of calls to a thread, whatever kind of thread it is. */
import { afterEach, describe, expect, it } from 'vitest';
import type { BuildJob } from '../../src/index/index.ts';
import type { WorkerHandle } from '../../src/platform/platform.ts';
import { ElanusError, isElanusError } from '../../src/util/error.ts';
import { inlineBuildService } from '../../src/worker/inline.ts';
import { workerBuildService, type BuildPoolOptions } from '../../src/worker/pool.ts';
import type { Remote } from '../../src/worker/rpc.ts';
import { startRole } from '../../src/worker/thread.ts';
import { BUILD_THAT, STUB_METHODS, type Stub, type StubSetup } from '../worker/fixture-roles.ts';

/** `spawn` starts a thread that serves the fixture's roles. */
export function suite(kind: string, spawn: () => Promise<WorkerHandle>): void {
  const open: { end(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((remote) => remote.end()));
  });

  const start = async (options: { onEvent?: (event: unknown) => void; onLost?: (error: ElanusError) => void } = {}): Promise<Remote<Stub>> => {
    const remote = await startRole<Stub>(await spawn(), { role: 'stub' }, STUB_METHODS, { what: 'stub', ...options });
    open.push(remote);
    return remote;
  };

  describe(`calls to a thread / ${kind}`, () => {
    it('carry plain requests and replies, buffers and bigints among them', async () => {
      const { client } = await start();
      expect(await client.echo({ a: [1, 'two', null], keys: new BigInt64Array([1n, -2n]), n: 12345678901234567890n })).toEqual({
        a: [1, 'two', null],
        keys: new BigInt64Array([1n, -2n]),
        n: 12345678901234567890n,
      });
      expect(await client.echo(undefined)).toBe(undefined);
      expect(await client.echo(7)).toBe(7);
    });

    it('move the buffers of a request, and cut a view out of a larger buffer', async () => {
      const { client } = await start();
      const whole = new Float32Array(100);
      const large = new Float32Array(1000);
      const part = large.subarray(10, 20);
      expect(await client.byteLengths({ parts: [whole, part] })).toEqual([400, 40]);
      expect(whole.byteLength).toBe(0);
      expect(large.byteLength).toBe(4000);
    });

    it('answer calls that overlap each with its own reply', async () => {
      const { client } = await start();
      const replies = await Promise.all(Array.from({ length: 50 }, (_, i) => client.echo({ i })));
      expect(replies).toEqual(Array.from({ length: 50 }, (_, i) => ({ i })));
    });

    it('reject with the class, code, detail and message that were thrown', async () => {
      const { client } = await start();
      const error = await client.fail({ how: 'elanus' }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ElanusError);
      expect(isElanusError(error)).toBe(true);
      expect(error).toMatchObject({ name: 'ElanusError', code: 'SCHEMA_MISMATCH', message: '"dim" expected 128, got 96', detail: { expected: 128, got: 96n } });
    });

    it('reject with the causes that were below the error', async () => {
      const { client } = await start();
      const error = (await client.fail({ how: 'chain' }).catch((thrown: unknown) => thrown)) as ElanusError;
      const cause = error.cause as ElanusError;
      expect(error.code).toBe('STORAGE');
      expect(isElanusError(cause)).toBe(true);
      expect(cause).toMatchObject({ code: 'QUOTA', detail: { free: 0 } });
      expect(cause.cause).toBeInstanceOf(Error);
      expect(cause.cause).toMatchObject({ name: 'RangeError', message: 'disk on fire' });
    });

    it('reject with INTERNAL and the remote stack for errors that nobody foresaw', async () => {
      const { client } = await start();
      const error = (await client.fail({ how: 'type-error' }).catch((thrown: unknown) => thrown)) as ElanusError;
      expect(error).toMatchObject({ code: 'INTERNAL', message: 'TypeError: x is not a function' });
      expect(error.detail['stack']).toContain('x is not a function');
      await expect(client.fail({ how: 'string' })).rejects.toMatchObject({ code: 'INTERNAL', cause: 'just a string' });
      await expect(client.fail({ how: 'sync' })).rejects.toMatchObject({ code: 'CLOSED' });
    });

    it('reject with the error even when its detail cannot be cloned', async () => {
      const { client } = await start();
      await expect(client.fail({ how: 'detail' })).rejects.toMatchObject({ code: 'INTERNAL', message: 'detail that cannot be cloned', detail: { keep: 1 } });
    });

    it('reject when a request or a reply cannot be cloned, and go on', async () => {
      const { client } = await start();
      await expect(client.echo({ f: () => 1 })).rejects.toMatchObject({ code: 'INTERNAL' });
      await expect(client.unserializable()).rejects.toMatchObject({ code: 'INTERNAL' });
      expect(await client.echo('still there')).toBe('still there');
    });

    it('stop when their signal fires, with the caller\'s own reason as the cause', async () => {
      const { client } = await start();
      const controller = new AbortController();
      const reason = new Error('changed my mind');
      const call = client.untilAborted(undefined, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 5);
      const error = (await call.catch((thrown: unknown) => thrown)) as ElanusError;
      expect(error.code).toBe('ABORTED');
      expect(error.cause).toBe(reason);
      await expect(client.echo(1, { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
      expect(await client.echo('still there')).toBe('still there');
    });

    it('report progress in order, and the last report before the reply', async () => {
      const { client } = await start();
      const seen: number[] = [];
      const total = await client.count({ total: 500 }, { onProgress: (progress) => seen.push((progress as { done: number }).done) });
      expect(total).toBe(500);
      expect(seen.at(-1)).toBe(500);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
    });

    it('reject with what a progress callback throws', async () => {
      const { client } = await start();
      const error = new Error('callback broke');
      await expect(
        client.count({ total: 3 }, {
          onProgress: () => {
            throw error;
          },
        }),
      ).rejects.toBe(error);
      expect(await client.echo('still there')).toBe('still there');
    });

    it('bring events up', async () => {
      const events: unknown[] = [];
      const { client } = await start({ onEvent: (event) => events.push(event) });
      await client.emit({ event: { type: 'indexed', field: 'embedding' } });
      expect(events).toEqual([{ type: 'indexed', field: 'embedding' }]);
    });

    it('reject with WORKER_LOST when the thread dies, those pending and those that come later', async () => {
      const lost: ElanusError[] = [];
      const remote = await start({ onLost: (error) => lost.push(error) });
      const pending = [remote.client.never(), remote.client.crash(), remote.client.count({ total: 1 }).then(() => remote.client.never())];
      for (const result of await Promise.allSettled(pending)) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'WORKER_LOST', detail: { worker: 'stub' } } });
      await expect(remote.client.echo(1)).rejects.toMatchObject({ code: 'WORKER_LOST' });
      expect(remote.isLost).toBe(true);
      expect(lost).toHaveLength(1);
    });

    it('reject with CLOSED once their thread has been ended', async () => {
      const remote = await start();
      const pending = remote.client.never();
      const rejection = expect(pending).rejects.toMatchObject({ code: 'CLOSED' });
      await remote.end();
      await rejection;
      await expect(remote.client.echo(1)).rejects.toMatchObject({ code: 'CLOSED' });
      expect(remote.isLost).toBe(false);
    });

    it('refuse names that are no methods, and a second role', async () => {
      const handle = await spawn();
      const remote = await startRole<{ toString(): Promise<string>; start(setup: StubSetup): Promise<void> }>(handle, { role: 'stub' }, ['toString', 'start'], { what: 'stub' });
      open.push(remote);
      await expect(remote.client.toString()).rejects.toMatchObject({ code: 'INTERNAL' });
      await expect(remote.client.start({ role: 'stub' })).rejects.toMatchObject({ code: 'INTERNAL' });
    });

    it('a role that refuses to start gives its own error and ends the thread', async () => {
      const setup: StubSetup = { role: 'stub', refuse: true };
      await expect(startRole<Stub>(await spawn(), setup, STUB_METHODS, { what: 'stub' })).rejects.toMatchObject({ code: 'LOCKED', detail: { holder: 7 } });
      await expect(startRole<Stub>(await spawn(), { role: 'nobody' }, STUB_METHODS, { what: 'stub' })).rejects.toMatchObject({ code: 'INTERNAL' });
    });
  });

  describe(`build service / ${kind}`, () => {
    const services: { close(): Promise<void> }[] = [];
    afterEach(async () => {
      await Promise.all(services.splice(0).map((service) => service.close()));
    });

    const job = (typeName: string, values: Float32Array = new Float32Array([1, 2, 3])): BuildJob => ({
      typeName,
      params: {},
      metric: 'L2',
      dim: 1,
      rows: values.length,
      seed: 1,
      vectors: { kind: 'bytes', values },
    });
    const pool = (options: Partial<BuildPoolOptions> = {}): { service: ReturnType<typeof workerBuildService>; spawned: () => number } => {
      let spawned = 0;
      const service = workerBuildService({
        spawn: () => {
          spawned++;
          return spawn();
        },
        kernels: { variant: 'scalar', module: null },
        workers: 2,
        teamSizeMax: () => 1,
        fallback: (cause) => {
          throw cause;
        },
        ...options,
      });
      services.push(service);
      return { service, spawned: () => spawned };
    };
    const text = (sections: readonly { readonly bytes: Uint8Array }[]): string => new TextDecoder().decode(sections[0]!.bytes);

    it('builds on a worker, reports progress, and keeps the worker for the next build', async () => {
      const { service, spawned } = pool();
      const seen: number[] = [];
      expect(service.thread).toBe('worker');
      expect(text(await service.build(job(BUILD_THAT.works), { onProgress: (done) => seen.push(done) }))).toBe('6');
      expect(seen.at(-1)).toBe(3);
      expect(text(await service.build(job(BUILD_THAT.works, new Float32Array([4])), {}))).toBe('4');
      expect(spawned()).toBe(1);
    });

    it('starts no more workers than it may, and no build is forgotten', async () => {
      const { service, spawned } = pool({ workers: 2 });
      const results = await Promise.all(Array.from({ length: 7 }, (_, i) => service.build(job(BUILD_THAT.works, new Float32Array([i])), {})));
      expect(results.map(text)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
      expect(spawned()).toBe(2);
    });

    it('shares a build among the workers that are free, each with a copy of the vectors', async () => {
      const { service, spawned } = pool({ workers: 3, teamSizeMax: () => 2 });
      const seen: number[] = [];
      expect(text(await service.build(job(BUILD_THAT.shares, new Float32Array([1, 2])), { onProgress: (done) => seen.push(done) }))).toBe('0 of 2 heard 3+3');
      expect(seen.at(-1)).toBe(2);
      expect(spawned()).toBe(2);
      // Together they need four places where there are three: one of the builds goes on with what it gets.
      const both = await Promise.all([1, 2].map((value) => service.build(job(BUILD_THAT.shares, new Float32Array([value])), {})));
      expect(both.map(text)).toEqual(['0 of 2 heard 1+1', '0 of 1 heard 2']);
      expect(spawned()).toBe(3);
    });

    it('stops the others when one of those that share a build dies or fails', async () => {
      const { service } = pool({ workers: 2, teamSizeMax: () => 2 });
      await expect(service.build(job(BUILD_THAT.loses), {})).rejects.toMatchObject({ code: 'WORKER_LOST' });
      await expect(service.build(job(BUILD_THAT.fails), {})).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' });
      expect(text(await service.build(job(BUILD_THAT.shares, new Float32Array([4])), {}))).toBe('0 of 2 heard 4+4');
    });

    it('aborts a shared build', async () => {
      const { service } = pool({ workers: 2, teamSizeMax: () => 2 });
      const controller = new AbortController();
      const reason = new Error('never mind');
      const building = service.build(job(BUILD_THAT.hangs), { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 50);
      await expect(building).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
      expect(text(await service.build(job(BUILD_THAT.works), {}))).toBe('6');
    });

    it('rejects the build of a worker that dies with WORKER_LOST; the next build has a fresh one', async () => {
      const { service, spawned } = pool({ workers: 1 });
      await expect(service.build(job(BUILD_THAT.crashes), {})).rejects.toMatchObject({ code: 'WORKER_LOST' });
      expect(text(await service.build(job(BUILD_THAT.works), {}))).toBe('6');
      expect(spawned()).toBe(2);
    });

    it('carries the error of a build and keeps the worker', async () => {
      const { service, spawned } = pool({ workers: 1 });
      await expect(service.build(job(BUILD_THAT.fails), {})).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' });
      expect(text(await service.build(job(BUILD_THAT.works), {}))).toBe('6');
      expect(spawned()).toBe(1);
    });

    it('aborts a build that runs and one that waits', async () => {
      const { service } = pool({ workers: 1 });
      const running = new AbortController();
      const waiting = new AbortController();
      const first = service.build(job(BUILD_THAT.hangs), { signal: running.signal });
      const second = service.build(job(BUILD_THAT.works), { signal: waiting.signal });
      waiting.abort();
      await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
      running.abort();
      await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
      expect(text(await service.build(job(BUILD_THAT.works), {}))).toBe('6');
    });

    it('ends a worker that has been without work for a while', async () => {
      const { service, spawned } = pool({ workers: 1, idleMs: 1 });
      await service.build(job(BUILD_THAT.works), {});
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(text(await service.build(job(BUILD_THAT.works), {}))).toBe('6');
      expect(spawned()).toBe(2);
    });

    it('builds on the calling thread where no worker can be started, and says so', async () => {
      const causes: unknown[] = [];
      const cause = new Error('no threads here');
      const { service } = pool({
        spawn: () => Promise.reject(cause),
        fallback: (why) => {
          causes.push(why);
          return inlineBuildService(async (given) => [{ name: 'inline', bytes: new TextEncoder().encode(given.typeName) }]);
        },
      });
      expect(text(await service.build(job('FLAT'), {}))).toBe('FLAT');
      expect(text(await service.build(job('HNSW'), {}))).toBe('HNSW');
      expect(causes).toEqual([cause]);
      expect(service.thread).toBe('calling');
    });

    it('rejects with CLOSED what runs, what waits and what comes after it has been closed', async () => {
      const { service } = pool({ workers: 1 });
      const builds = [service.build(job(BUILD_THAT.hangs), {}), service.build(job(BUILD_THAT.works), {})].map((build) => expect(build).rejects.toMatchObject({ code: 'CLOSED' }));
      await new Promise((resolve) => setTimeout(resolve, 20));
      await service.close();
      await Promise.all(builds);
      await expect(service.build(job(BUILD_THAT.works), {})).rejects.toMatchObject({ code: 'CLOSED' });
    });
  });
}
