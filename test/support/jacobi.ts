/** Singular values and right singular vectors in double precision, by Jacobi's rotations of A'A: plain and slow, for comparing with. */
export function rightSingular(a: Float64Array, rows: number, columns: number): { values: Float64Array; vectors: Float64Array } {
  const n = columns;
  const gram = new Float64Array(n * n);
  for (let r = 0; r < rows; r++) for (let i = 0; i < n; i++) if (a[r * n + i] !== 0) for (let j = 0; j < n; j++) gram[i * n + j]! += a[r * n + i]! * a[r * n + j]!;
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = gram[p * n + q]!;
        if (apq === 0) continue;
        off = Math.max(off, Math.abs(apq));
        const theta = (gram[q * n + q]! - gram[p * n + p]!) / (2 * apq);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1), s = t * c;
        for (let k = 0; k < n; k++) {
          const x = gram[k * n + p]!, y = gram[k * n + q]!;
          gram[k * n + p] = c * x - s * y;
          gram[k * n + q] = s * x + c * y;
        }
        for (let k = 0; k < n; k++) {
          const x = gram[p * n + k]!, y = gram[q * n + k]!;
          gram[p * n + k] = c * x - s * y;
          gram[q * n + k] = s * x + c * y;
        }
        for (let k = 0; k < n; k++) {
          const x = v[k * n + p]!, y = v[k * n + q]!;
          v[k * n + p] = c * x - s * y;
          v[k * n + q] = s * x + c * y;
        }
      }
    }
    if (off < 1e-14) break;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => gram[j * n + j]! - gram[i * n + i]!);
  return {
    values: Float64Array.from(order, (i) => Math.sqrt(Math.max(gram[i * n + i]!, 0))),
    vectors: Float64Array.from({ length: n * n }, (_, at) => v[(at % n) * n + order[Math.floor(at / n)]!]!),
  };
}
