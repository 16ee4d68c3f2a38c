import { describe, expect, test } from 'vitest';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { bytesOf, storeSuite } from '../contract/store.ts';
import { faultStore, type Fault } from '../support/fault-store.ts';

storeSuite('fault store without faults', () => {
  const medium = new MemoryMedium();
  return {
    open: async (options) => faultStore(openMemoryStore({ ...options, medium })),
    remove: async () => medium.clear(),
  };
});

describe('fault store', () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

  test('power loss forgets at most what was not synced', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const medium = new MemoryMedium();
      const store = faultStore(openMemoryStore({ medium }), { seed });
      await store.logs.append('a', bytesOf('safe'));
      await store.logs.sync('a');
      await store.logs.append('a', bytesOf('lost'));
      await store.powerLoss();
      await expect(store.logs.read('a')).rejects.toMatchObject({ code: 'STORAGE' });
      const left = text(await openMemoryStore({ medium }).logs.read('a')).replace(/\0+$/, '');
      expect('safelost'.startsWith(left) && left.length >= 4, `seed ${seed}: ${left}`).toBe(true);
    }
  });

  test.each<[Fault, string, number]>([['fail', 'STORAGE', 0], ['tear', 'STORAGE', 3], ['quota', 'QUOTA', 3], ['lose-answer', 'STORAGE', 4]])(
    '%s at the second write is %s and leaves at most %i bytes of it',
    async (fault, code, most) => {
      const store = faultStore(openMemoryStore(), { at: 2, fault });
      await store.logs.append('a', bytesOf('one '));
      await expect(store.logs.append('a', bytesOf('two '))).rejects.toMatchObject({ code });
      const left = (await store.logs.read('a')).length - 4;
      expect(left).toBeGreaterThanOrEqual(fault === 'lose-answer' ? 4 : 0);
      expect(left).toBeLessThanOrEqual(most);
      await store.logs.append('a', bytesOf('three'));
      expect(store.calls.map(({ call }) => call)).toEqual(['append', 'append', 'append']);
    },
  );

  test('a lasting fault does not end', async () => {
    const store = faultStore(openMemoryStore(), { at: 1, fault: 'quota', isLasting: true });
    for (let i = 0; i < 3; i++) await expect(store.write('a', [])).rejects.toMatchObject({ code: 'QUOTA' });
  });
});
