/** Types of `curve.mjs`. */
export function upperEdge<P extends { recall: number; qps: number }>(points: P[]): P[];
export function qpsAtRecall(points: { recall: number; qps: number }[], recall: number): number | null;
