/** Elanus in Node, Deno and Bun: the public names, over that platform. */
import { makeConnect } from './api/connect.ts';
import { makeLauncher } from './launch.ts';
import { nodePlatform } from './platform/node.ts';
import { makeTools } from './tools.ts';

export * from './api/index.ts';
export { recommendIndex } from './tools.ts';
export type { LatentBits, LatentSpace, LatentSpaceOptions, NeighbourTerm, Pca, PcaData, PcaOptions, RecommendQuestion, Recommendation, Tools, VectorsInput } from './tools.ts';

const platform = nodePlatform(new URL('./node-worker.js', import.meta.url));

/** Opens a database, or makes one. The engine runs on the calling thread, builds in worker_threads; see `mode`. */
export const connect = makeConnect(makeLauncher(platform), () => import('./node-io.ts'));

export const { fitLatentSpace, fitPca, loadLatentSpace, loadPca, normalize } = makeTools(() => platform.loadKernels({}));
