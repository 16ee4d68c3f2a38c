/**
 * What handles of collections with Array or dynamic fields need beside the rest. Imported when such a handle is made, so that its
 * calls check and copy what they are given at once, as those of others do.
 */
export { toBatch } from '../schema/batch.ts';
export { withKeys, withKeysOfHits } from './dynamic-keys.ts';
