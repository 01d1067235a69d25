/** Eigenvalues and eigenvectors of a small symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, 8.5). */

export type Matrix = number[][];

export interface Eigen {
  readonly values: number[];
  /** Column j belongs to value j. */
  readonly vectors: Matrix;
}

export function identity(size: number): Matrix {
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => +(row === column)),
  );
}

export function symmetricEigen(matrix: Matrix): Eigen {
  const a = matrix.map((row) => [...row]);
  const vectors = identity(a.length);
  const scale = Math.max(1e-300, ...a.map((row, index) => Math.abs(row[index] ?? 0)));
  // Ten sweeps are more than any matrix of this size needs; convergence is quadratic.
  for (let sweep = 0; sweep < 10 && offDiagonal(a) > 1e-14 * scale; sweep++) {
    for (let p = 0; p < a.length; p++) for (let q = p + 1; q < a.length; q++) rotate(a, vectors, [p, q]);
  }
  return { values: a.map((row, index) => row[index] ?? 0), vectors };
}

function offDiagonal(a: Matrix): number {
  let largest = 0;
  for (const [row, values] of a.entries())
    for (let column = 0; column < row; column++) largest = Math.max(largest, Math.abs(values[column] ?? 0));
  return largest;
}

/** Makes a[p][q] zero. */
function rotate(a: Matrix, vectors: Matrix, [p, q]: readonly [number, number]): void {
  const [rowP, rowQ] = [a[p] ?? [], a[q] ?? []];
  const [app, aqq, apq] = [rowP[p] ?? 0, rowQ[q] ?? 0, rowP[q] ?? 0];
  if (apq === 0) return;
  const theta = (aqq - app) / (2 * apq);
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cos = 1 / Math.hypot(tangent, 1);
  const sin = tangent * cos;
  for (const row of a) turn(row, [p, q], [cos, sin]);
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [rowP[k] ?? 0, rowQ[k] ?? 0];
    rowP[k] = cos * x - sin * y;
    rowQ[k] = sin * x + cos * y;
  }
  for (const row of vectors) turn(row, [p, q], [cos, sin]);
}

function turn(row: number[], [p, q]: readonly [number, number], [cos, sin]: readonly [number, number]): void {
  const [x, y] = [row[p] ?? 0, row[q] ?? 0];
  row[p] = cos * x - sin * y;
  row[q] = sin * x + cos * y;
}
