// The numeric kernels, in AssemblyScript: float32, SIMD without relaxed operations, so every machine gets the
// same bits. They know pointers and sizes; shapes, graphs and budgets are the business of the TypeScript around.
// Rows are characters. positions[row] counts the characters before it in its own name: rows of one name are
// neighbours, so row - positions[row] is where the name starts. Backward kernels add to the gradients they find.

/** First byte that static data does not use. */
export function heapBase(): usize {
  return __heap_base;
}

// @ts-ignore: decorator
@inline function at(pointer: usize, index: i32): f32 {
  return load<f32>(pointer + ((<usize>index) << 2));
}

// @ts-ignore: decorator
@inline function put(pointer: usize, index: i32, value: f32): void {
  store<f32>(pointer + ((<usize>index) << 2), value);
}

// @ts-ignore: decorator
@inline function bump(pointer: usize, index: i32, value: f32): void {
  put(pointer, index, at(pointer, index) + value);
}

// @ts-ignore: decorator
@inline function madd(sum: v128, x: v128, y: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, y));
}

export function clear(x: usize, n: i32): void {
  memory.fill(x, 0, (<usize>n) << 2);
}

/** y[columns, rows] = transpose of x[rows, columns]. */
export function transpose(y: usize, x: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) put(y, j * rows + i, at(x, i * columns + j));
}

/** Four rows by eight columns of c, held in registers over the whole sum. */
function tile4x8(c: usize, a: usize, b: usize, k: i32, n: i32, aRow: i32, aStep: i32): void {
  const cRow = (<usize>n) << 2;
  const r1 = (<usize>aRow) << 2;
  const r2 = r1 << 1;
  const r3 = r1 + r2;
  const step = (<usize>aStep) << 2;
  const c1 = c + cRow;
  const c2 = c1 + cRow;
  const c3 = c2 + cRow;
  let s00 = v128.load(c);
  let s01 = v128.load(c, 16);
  let s10 = v128.load(c1);
  let s11 = v128.load(c1, 16);
  let s20 = v128.load(c2);
  let s21 = v128.load(c2, 16);
  let s30 = v128.load(c3);
  let s31 = v128.load(c3, 16);
  for (let p = 0; p < k; p++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const x0 = v128.load32_splat(a);
    s00 = madd(s00, x0, b0);
    s01 = madd(s01, x0, b1);
    const x1 = v128.load32_splat(a + r1);
    s10 = madd(s10, x1, b0);
    s11 = madd(s11, x1, b1);
    const x2 = v128.load32_splat(a + r2);
    s20 = madd(s20, x2, b0);
    s21 = madd(s21, x2, b1);
    const x3 = v128.load32_splat(a + r3);
    s30 = madd(s30, x3, b0);
    s31 = madd(s31, x3, b1);
    a += step;
    b += cRow;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

function tile1x4(c: usize, a: usize, b: usize, k: i32, n: i32, aStep: i32): void {
  let sum = v128.load(c);
  for (let p = 0; p < k; p++) {
    sum = madd(sum, v128.load32_splat(a), v128.load(b));
    a += (<usize>aStep) << 2;
    b += (<usize>n) << 2;
  }
  v128.store(c, sum);
}

function tile1x1(c: usize, a: usize, b: usize, k: i32, n: i32, aStep: i32): void {
  let sum = load<f32>(c);
  for (let p = 0; p < k; p++) {
    sum += load<f32>(a) * load<f32>(b);
    a += (<usize>aStep) << 2;
    b += (<usize>n) << 2;
  }
  store<f32>(c, sum);
}

/**
 * c[m, n] += a · b[k, n], where element (i, p) of a is at index i * aRow + p * aStep: so a may be read transposed.
 * Every element of c is summed in the order of p, whichever tile it falls in.
 */
export function matmul(
  c: usize, a: usize, b: usize, m: i32, k: i32, n: i32, aRow: i32, aStep: i32,
): void {
  const wide = n & ~7;
  const even = n & ~3;
  const whole = m & ~3;
  for (let j = 0; j < wide; j += 8) {
    for (let i = 0; i < whole; i += 4) {
      tile4x8(c + ((i * n + j) << 2), a + ((i * aRow) << 2), b + (j << 2), k, n, aRow, aStep);
    }
  }
  for (let i = 0; i < m; i++) {
    const ai = a + ((i * aRow) << 2);
    const ci = c + ((i * n) << 2);
    for (let j = i < whole ? wide : 0; j < even; j += 4) tile1x4(ci + (j << 2), ai, b + (j << 2), k, n, aStep);
    for (let j = even; j < n; j++) tile1x1(ci + (j << 2), ai, b + (j << 2), k, n, aStep);
  }
}

/** y[row] = table[index[row]]. */
export function gather(y: usize, table: usize, index: usize, rows: i32, width: i32): void {
  for (let i = 0; i < rows; i++) {
    const from = load<i32>(index + (i << 2)) * width;
    memory.copy(y + ((i * width) << 2), table + (from << 2), (<usize>width) << 2);
  }
}

export function gatherBack(dTable: usize, dy: usize, index: usize, rows: i32, width: i32): void {
  for (let i = 0; i < rows; i++) {
    const to = load<i32>(index + (i << 2)) * width;
    for (let j = 0; j < width; j++) bump(dTable, to + j, at(dy, i * width + j));
  }
}

export function add(y: usize, a: usize, b: usize, n: i32): void {
  for (let i = 0; i < n; i++) put(y, i, at(a, i) + at(b, i));
}

export function mul(y: usize, a: usize, b: usize, n: i32): void {
  for (let i = 0; i < n; i++) put(y, i, at(a, i) * at(b, i));
}

/** y += a * b: the backward of mul, once for each side. */
export function mulAdd(y: usize, a: usize, b: usize, n: i32): void {
  for (let i = 0; i < n; i++) bump(y, i, at(a, i) * at(b, i));
}

/** y += x * by: the backward of add (by = 1) and of scale. */
export function scaleAdd(y: usize, x: usize, by: f32, n: i32): void {
  for (let i = 0; i < n; i++) bump(y, i, at(x, i) * by);
}

/** y = x + bias, the same bias in every row. */
export function bias(y: usize, x: usize, b: usize, rows: i32, width: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) put(y, i * width + j, at(x, i * width + j) + at(b, j));
  }
}

export function biasBack(db: usize, dy: usize, rows: i32, width: i32): void {
  for (let i = 0; i < rows; i++) for (let j = 0; j < width; j++) bump(db, j, at(dy, i * width + j));
}

/** y = x * gain, the same gain in every row. */
export function gain(y: usize, x: usize, g: usize, rows: i32, width: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) put(y, i * width + j, at(x, i * width + j) * at(g, j));
  }
}

export function gainBack(dx: usize, dg: usize, dy: usize, x: usize, g: usize, rows: i32, width: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      const e = i * width + j;
      bump(dx, e, at(dy, e) * at(g, j));
      bump(dg, j, at(dy, e) * at(x, e));
    }
  }
}

function inverseRms(x: usize, width: i32): f32 {
  let sum: f32 = 0;
  for (let j = 0; j < width; j++) sum += at(x, j) * at(x, j);
  return <f32>1 / sqrt<f32>(sum / <f32>width + <f32>1e-5);
}

/** Every row divided by its root mean square. */
export function rmsnorm(y: usize, x: usize, rows: i32, width: i32): void {
  for (let i = 0; i < rows; i++) {
    const xi = x + ((i * width) << 2);
    const r = inverseRms(xi, width);
    for (let j = 0; j < width; j++) put(y, i * width + j, at(xi, j) * r);
  }
}

export function rmsnormBack(dx: usize, dy: usize, x: usize, rows: i32, width: i32): void {
  for (let i = 0; i < rows; i++) {
    const xi = x + ((i * width) << 2);
    const di = dy + ((i * width) << 2);
    const r = inverseRms(xi, width);
    let dot: f32 = 0;
    for (let j = 0; j < width; j++) dot += at(di, j) * at(xi, j);
    const pull = (dot * r * r * r) / <f32>width;
    for (let j = 0; j < width; j++) bump(dx, i * width + j, at(di, j) * r - at(xi, j) * pull);
  }
}

// @ts-ignore: decorator
@inline function sigmoidOf(x: f32): f32 {
  return <f32>1 / (<f32>1 + Mathf.exp(-x));
}

// @ts-ignore: decorator
@inline const GELU: f32 = 1.5957691216057308; // 2 * sqrt(2 / pi): the tanh form of GELU, written with a sigmoid

// @ts-ignore: decorator
@inline const CUBE: f32 = 0.044715;

/** kind: 0 relu, 1 relu2, 2 silu, 3 gelu, 4 sigmoid, 5 tanh. */
export function activate(y: usize, x: usize, n: i32, kind: i32): void {
  for (let i = 0; i < n; i++) {
    const v = at(x, i);
    const positive = max<f32>(v, 0);
    if (kind == 0) put(y, i, positive);
    else if (kind == 1) put(y, i, positive * positive);
    else if (kind == 2) put(y, i, v * sigmoidOf(v));
    else if (kind == 3) put(y, i, v * sigmoidOf(GELU * (v + CUBE * v * v * v)));
    else if (kind == 4) put(y, i, sigmoidOf(v));
    else put(y, i, <f32>2 * sigmoidOf(<f32>2 * v) - <f32>1);
  }
}

function slope(v: f32, y: f32, kind: i32): f32 {
  if (kind == 0) return v > 0 ? <f32>1 : <f32>0;
  if (kind == 1) return <f32>2 * max<f32>(v, 0);
  if (kind == 4) return y * (<f32>1 - y);
  if (kind == 5) return <f32>1 - y * y;
  const inner = kind == 2 ? v : GELU * (v + CUBE * v * v * v);
  const innerSlope = kind == 2 ? <f32>1 : GELU * (<f32>1 + <f32>3 * CUBE * v * v);
  const s = sigmoidOf(inner);
  return s + v * s * (<f32>1 - s) * innerSlope;
}

export function activateBack(dx: usize, dy: usize, x: usize, y: usize, n: i32, kind: i32): void {
  for (let i = 0; i < n; i++) bump(dx, i, at(dy, i) * slope(at(x, i), at(y, i), kind));
}

/** y[row] = x[row - by] within the same name, 0 where the name had not begun. */
export function shift(y: usize, x: usize, positions: usize, rows: i32, width: i32, by: i32): void {
  for (let i = 0; i < rows; i++) {
    const to = y + ((i * width) << 2);
    if (load<i32>(positions + (i << 2)) < by) memory.fill(to, 0, (<usize>width) << 2);
    else memory.copy(to, x + (((i - by) * width) << 2), (<usize>width) << 2);
  }
}

export function shiftBack(dx: usize, dy: usize, positions: usize, rows: i32, width: i32, by: i32): void {
  for (let i = 0; i < rows; i++) {
    if (load<i32>(positions + (i << 2)) < by) continue;
    for (let j = 0; j < width; j++) bump(dx, (i - by) * width + j, at(dy, i * width + j));
  }
}

function dot(a: usize, b: usize, n: i32): f32 {
  let lanes = f32x4.splat(0);
  const even = n & ~3;
  for (let j = 0; j < even; j += 4) lanes = madd(lanes, v128.load(a + (j << 2)), v128.load(b + (j << 2)));
  let sum = f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 1);
  sum += f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3);
  for (let j = even; j < n; j++) sum += at(a, j) * at(b, j);
  return sum;
}

/** y += x * by. */
function axpy(y: usize, x: usize, by: f32, n: i32): void {
  const lanes = f32x4.splat(by);
  const even = n & ~3;
  for (let j = 0; j < even; j += 4) {
    const to = y + (j << 2);
    v128.store(to, madd(v128.load(to), v128.load(x + (j << 2)), lanes));
  }
  for (let j = even; j < n; j++) bump(y, j, at(x, j) * by);
}

/**
 * Causal attention of every row over the rows of its own name up to itself, heads side by side in the width.
 * Leaves the weights in `weights`, `block` floats per row and head, for the backward.
 */
export function attention(
  y: usize, weights: usize, q: usize, k: usize, v: usize, positions: usize,
  rows: i32, width: i32, heads: i32, block: i32,
): void {
  const size = width / heads;
  const scale: f32 = <f32>1 / sqrt<f32>(<f32>size);
  clear(y, rows * width);
  for (let i = 0; i < rows; i++) {
    const past = load<i32>(positions + (i << 2));
    for (let h = 0; h < heads; h++) {
      const w = weights + (((i * heads + h) * block) << 2);
      const here = (i * width + h * size) << 2;
      const first = here - ((past * width) << 2);
      let top: f32 = -f32.MAX_VALUE;
      for (let t = 0; t <= past; t++) {
        const score = dot(q + here, k + first + ((t * width) << 2), size) * scale;
        put(w, t, score);
        top = max<f32>(top, score);
      }
      let sum: f32 = 0;
      for (let t = 0; t <= past; t++) {
        const e = Mathf.exp(at(w, t) - top);
        put(w, t, e);
        sum += e;
      }
      for (let t = 0; t <= past; t++) {
        put(w, t, at(w, t) / sum);
        axpy(y + here, v + first + ((t * width) << 2), at(w, t), size);
      }
    }
  }
}

export function attentionBack(
  dq: usize, dk: usize, dv: usize, dy: usize, weights: usize, q: usize, k: usize, v: usize, positions: usize,
  rows: i32, width: i32, heads: i32, block: i32,
): void {
  const size = width / heads;
  const scale: f32 = <f32>1 / sqrt<f32>(<f32>size);
  for (let i = 0; i < rows; i++) {
    const past = load<i32>(positions + (i << 2));
    for (let h = 0; h < heads; h++) {
      const w = weights + (((i * heads + h) * block) << 2);
      const here = (i * width + h * size) << 2;
      const first = here - ((past * width) << 2);
      let mean: f32 = 0;
      for (let t = 0; t <= past; t++) mean += at(w, t) * dot(dy + here, v + first + ((t * width) << 2), size);
      for (let t = 0; t <= past; t++) {
        const there = first + ((t * width) << 2);
        const dScore = at(w, t) * (dot(dy + here, v + there, size) - mean) * scale;
        axpy(dv + there, dy + here, at(w, t), size);
        axpy(dq + here, k + there, dScore, size);
        axpy(dk + there, q + here, dScore, size);
      }
    }
  }
}

/** Sum of -log softmax(logits)[target] over the rows, in nats; dLogits = gradient of its mean over the rows. */
export function crossEntropy(dLogits: usize, logits: usize, targets: usize, rows: i32, width: i32): f64 {
  let nats: f64 = 0;
  for (let i = 0; i < rows; i++) {
    const x = logits + ((i * width) << 2);
    const d = dLogits + ((i * width) << 2);
    const target = load<i32>(targets + (i << 2));
    let top: f32 = at(x, 0);
    for (let j = 1; j < width; j++) top = max<f32>(top, at(x, j));
    let sum: f32 = 0;
    for (let j = 0; j < width; j++) {
      const e = Mathf.exp(at(x, j) - top);
      put(d, j, e);
      sum += e;
    }
    for (let j = 0; j < width; j++) put(d, j, at(d, j) / sum / <f32>rows);
    bump(d, target, <f32>-1 / <f32>rows);
    nats += <f64>Mathf.log(sum) + <f64>(top - at(x, target));
  }
  return nats;
}
