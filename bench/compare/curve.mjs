/** Recall-QPS curves: their upper edge, and their value at a given recall. */

/**
 * The points that no other point beats in both recall and QPS, in order of recall. An engine with two knobs gives a
 * cloud of points; its user would pick from this edge.
 * @template {{ recall: number, qps: number }} P
 * @param {P[]} points
 * @returns {P[]}
 */
export function upperEdge(points) {
  /** @type {P[]} */
  const edge = [];
  for (const point of [...points].sort((a, b) => b.recall - a.recall || b.qps - a.qps)) {
    if (edge.length === 0 || point.qps > edge[edge.length - 1].qps) edge.push(point);
  }
  return edge.reverse();
}

/**
 * QPS at a recall, between the two measured points around it: log QPS is taken as linear in -log(1 - recall), which is
 * how such curves run. A recall below the lowest point answers that point's QPS (nothing faster was measured); one above
 * the highest answers null.
 * @param {{ recall: number, qps: number }[]} points in order of recall
 * @param {number} recall
 * @returns {number | null}
 */
export function qpsAtRecall(points, recall) {
  const x = (/** @type {number} */ r) => -Math.log(Math.max(1 - r, 1e-5));
  if (points.length === 0) return null;
  if (points[0].recall >= recall) return points[0].qps;
  for (let i = 1; i < points.length; i++) {
    const a = points[i - 1];
    const b = points[i];
    if (b.recall < recall) continue;
    const span = x(b.recall) - x(a.recall);
    const t = span > 0 ? (x(recall) - x(a.recall)) / span : 1;
    return Math.exp(Math.log(a.qps) + t * (Math.log(b.qps) - Math.log(a.qps)));
  }
  return null;
}
