/** The worker of a page, engine or build: its first call says which. Becomes `worker.js`, one file without imports. */
import { serveOwner } from './serve-owner.ts';

serveOwner();
