/**
 * The same with all that it imports on demand, and what few pages need: the scalar kernels, where no WebAssembly may run, and encryption. Becomes `worker-full.js`, and the text from which
 * workers are started where their file is missing: it serves everywhere.
 */
import { useTwin } from './kernels/instantiate.ts';
import { scalarInstance } from './kernels/scalar.ts';
import { parts } from './on-demand.ts';
import { serveOwner } from './serve-owner.ts';
import { openEncryptedStore } from './storage/encrypted.ts';

useTwin(scalarInstance);
serveOwner({ onDemand: async () => parts, encrypted: openEncryptedStore });
