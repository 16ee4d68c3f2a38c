/** Elanus in a browser: the public names, over the platform of a page. */
import { makeConnect } from './api/connect.ts';
import { makeLauncher } from './launch.ts';
import { browserPlatform } from './platform/browser.ts';

export * from './api/index.ts';

/** Opens a database, or makes one. In a page the engine runs in a worker; see `mode`. */
export const connect = makeConnect(makeLauncher(browserPlatform()));
