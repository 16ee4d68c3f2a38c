// The kernels' exports and nothing else: the ABI on one screen. Pointers in, numbers out; no allocation, no I/O, no
// state that outlives a call. Their TypeScript signatures are KernelExports in src/kernels/exports.ts.
import { ABI_VERSION } from "../src/kernels/abi";

export const abiVersion: i32 = ABI_VERSION;
export const heapBase: usize = __heap_base;
/** 1 in the build with relaxed SIMD. */
export const isRelaxed: i32 = ASC_FEATURE_RELAXED_SIMD ? 1 : 0;
export { topkScale, topkSort } from "./topk";
export { codesEncode, codesQuery, codesRowQuery } from "./codes";
export { graphSearchAllowed } from "./filtered-walk";
export { graphSearch } from "./walk";
export { graphAddBackLinks, graphChooseLinks, graphListBackLinks } from "./grow";
export { sparseGramAdd, sparseProject } from "./latent";
export { columnSums, covarianceAdd, pcaProject, pcaRestore, rotateRows } from "./pca";
export { allowedRows, countBits, inverseNorms, normalize, rescoreCodes, rescoreF32, scanCodes, scanF32 } from "./scan";
export { expandRows, nearestRows, rescoreRows, rowQuery, rowTerms, scanRows } from "./rows";
export { scanSparse, sparseQuery } from "./sparse";
export { invertedAllowed, invertedMaxScore, invertedTaat, invertedWand } from "./inverted";
export { nearestCentroids, sumByCentroid } from "./kmeans";
export { rotateVectors } from "./rotate";
export { ivfPositions, ivfSearch } from "./ivf";
export { tileCodes, tileScan } from "./tiles";
