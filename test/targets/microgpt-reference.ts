// What the kernels should compute, written plainly in float32 steps or in doubles. Knows no WASM.

/** c += a · b in float32, each sum in the order of p; a's element (i, p) is at i * aRow + p * aStep. */
export function matmul(
  c: Float32Array,
  a: Float32Array,
  b: Float32Array,
  [m, k, n, aRow, aStep]: readonly [number, number, number, number, number],
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = c[i * n + j] ?? Number.NaN;
      for (let p = 0; p < k; p++) {
        const product = Math.fround((a[i * aRow + p * aStep] ?? Number.NaN) * (b[p * n + j] ?? Number.NaN));
        sum = Math.fround(sum + product);
      }
      c[i * n + j] = sum;
    }
  }
}

type Matrix = number[][];

const dot = (x: readonly number[], y: readonly number[]) =>
  x.reduce((sum, value, i) => sum + value * (y[i] ?? Number.NaN), 0);

/** exp(scores) made to sum to 1. */
function softmax(scores: readonly number[]): number[] {
  const weights = scores.map((score) => Math.exp(score));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Causal attention within one name, heads side by side. */
export function attention([q, k, v]: readonly [Matrix, Matrix, Matrix], heads: number): Matrix {
  return q.map((row, i) => {
    const size = row.length / heads;
    return row.map((_, column) => {
      const from = column - (column % size);
      const part = (x: readonly number[] = []) => x.slice(from, from + size);
      const weights = softmax(k.slice(0, i + 1).map((key) => dot(part(row), part(key)) / Math.sqrt(size)));
      return dot(
        weights,
        v.slice(0, i + 1).map((value) => value[column] ?? Number.NaN),
      );
    });
  });
}

export function rmsnorm(row: readonly number[]): number[] {
  return row.map((value) => value / Math.sqrt(dot(row, row) / row.length + 1e-5));
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export const activations = {
  relu: (x: number) => Math.max(0, x),
  relu2: (x: number) => Math.max(0, x) ** 2,
  silu: (x: number) => x * sigmoid(x),
  gelu: (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  sigmoid,
  tanh: Math.tanh,
} as const;
