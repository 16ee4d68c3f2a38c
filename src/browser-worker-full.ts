/**
 * The same with the scalar kernels, for a page that may run no WebAssembly. Becomes `worker-full.js`, and the text from which
 * workers are started where their file is missing: it serves everywhere.
 */
import { useTwin } from './kernels/instantiate.ts';
import { scalarInstance } from './kernels/scalar.ts';
import { serveOwner } from './serve-owner.ts';

useTwin(scalarInstance);
serveOwner();
