import { describe, expect, it } from 'vitest';
import { MemoryArena } from '../../src/kernels/arena.ts';
import { instantiateKernels } from '../../src/kernels/kernels.ts';
import { ScalarMemory } from '../../src/kernels/scalar-memory.ts';
import { mulberry32 } from '../../src/index/hnsw/levels.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { randomVectors, SEED } from '../support/vectors.ts';

describe('arena', () => {
  it('hands out aligned blocks that do not overlap, and takes them back whole', () => {
    const arena = new MemoryArena(new ScalarMemory(), 100);
    const next = mulberry32(SEED);
    const held = new Map<number, number>();
    for (let i = 0; i < 1500; i++) {
      if (held.size > 0 && next() % 3 === 0) {
        const ptr = [...held.keys()][next() % held.size];
        held.delete(ptr);
        arena.free(ptr);
        continue;
      }
      const byteLength = next() % 2000;
      const ptr = arena.alloc(byteLength);
      expect(ptr % 64).toBe(0);
      expect(ptr).toBeGreaterThanOrEqual(128);
      const overlaps = [...held].filter(([other, length]) => ptr + byteLength > other && other + length > ptr);
      expect(overlaps, `seed ${SEED}, step ${i}`).toEqual([]);
      held.set(ptr, Math.max(byteLength, 1));
    }
    for (const ptr of held.keys()) arena.free(ptr);
    expect(arena.usedBytes).toBe(0);
    const first = arena.alloc(64);
    expect(first).toBe(128);
  });

  it('reuses freed neighbours as one block, without growing', () => {
    const memory = new ScalarMemory();
    const arena = new MemoryArena(memory, 0);
    const blocks = Array.from({ length: 10 }, () => arena.alloc(100_000));
    const byteLength = memory.buffer.byteLength;
    for (const i of [3, 5, 4]) arena.free(blocks[i]);
    expect(arena.alloc(300_000)).toBe(blocks[3]);
    expect(memory.buffer.byteLength).toBe(byteLength);
  });

  it('refuses with OUT_OF_MEMORY and stays usable', () => {
    const arena = new MemoryArena(new WebAssembly.Memory({ initial: 1, maximum: 40 }) as never, 0);
    const ptr = arena.alloc(1_000_000);
    expect(() => arena.alloc(2_000_000)).toThrowError(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
    arena.alloc(1_000_000);
    arena.free(ptr);
    expect(arena.alloc(1_000_000)).toBe(ptr);
    const full = new MemoryArena(new ScalarMemory(), 0);
    expect(() => full.alloc(5 * 2 ** 30)).toThrowError(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
  });

  it('a block freed twice is our mistake', () => {
    const arena = new MemoryArena(new ScalarMemory(), 0);
    const ptr = arena.alloc(10);
    arena.free(ptr);
    expect(() => arena.free(ptr)).toThrowError(expect.objectContaining({ code: 'INTERNAL' }));
  });

  it('works above 2 GiB, where WebAssembly hands pointers back as negative numbers', async () => {
    // The scalar twin is left out: it would copy 2 GiB to grow.
    for (const variant of testVariants().filter((v) => v !== 'scalar')) {
      const kernels = instantiateKernels(await testKernels(variant));
      kernels.arena.alloc(2 ** 31);
      const rows = 100, dim = 24;
      const values = randomVectors(rows, dim, 1);
      const ptr = kernels.arena.alloc(values.byteLength);
      expect(ptr).toBeGreaterThan(2 ** 31);
      kernels.arena.f32(ptr, values.length).set(values);
      kernels.setQuery(values, 7 * dim, dim, 'L2');
      kernels.beginTopK(3);
      kernels.scanF32('L2', ptr, dim, 0, rows, 0, 0, 0);
      expect(kernels.endTopK()).toBe(3);
      expect([kernels.hitRows(3)[0], kernels.hitDistances(3)[0]]).toEqual([7, 0]);
    }
  });
});
