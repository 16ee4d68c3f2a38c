/** Elanus in a browser: the public names, over the platform of a page. */
import { makeConnect } from './api/connect.ts';
import { makeLauncher } from './launch.ts';
import { browserPlatform } from './platform/browser.ts';
import { makeTools } from './tools.ts';

export * from './api/index.ts';
export { recommendIndex } from './tools.ts';
export type { LatentBits, LatentSpace, LatentSpaceOptions, NeighbourTerm, Pca, PcaData, PcaOptions, RecommendQuestion, Recommendation, Tools, VectorsInput } from './tools.ts';

const platform = browserPlatform();

/** Opens a database, or makes one. In a page the engine runs in a worker; see `mode`. */
export const connect = makeConnect(makeLauncher(platform), () => import('./io.ts'));

export const { fitLatentSpace, fitPca, loadLatentSpace, loadPca, normalize } = makeTools(() => platform.loadKernels({}));
