/** Encryption at rest over IndexedDB, with the browser's cipher. */
import { deleteDB } from 'idb';
import { openEncryptedStore } from '../../src/storage/encrypted.ts';
import { openIdbStore } from '../../src/storage/idb.ts';
import { aesKey } from '../support/aes-key.ts';
import { sharedSuite } from '../contract/shared.ts';
import { storeSuite } from '../contract/store.ts';

const key = await aesKey(1);
let counter = 0;

const factory = () => {
  const name = `test-encrypted-${Date.now()}-${counter++}`;
  return {
    open: async (options?: { readOnly?: boolean }) => openEncryptedStore(await openIdbStore(name, options), key),
    remove: () => deleteDB(`elanus:${name}`),
  };
};

storeSuite('encrypted IndexedDB store', factory);
sharedSuite('shared logs of an encrypted IndexedDB store', factory);
