// The numeric kernels, in AssemblyScript: float32, SIMD without relaxed operations, so every machine gets the
// same bits. They know pointers and sizes; shapes, graphs and budgets are the business of the TypeScript around.
// Rows are characters. positions[row] counts the characters before it in its own name: rows of one name are
// neighbours, so row - positions[row] is where the name starts. Backward kernels add to the gradients they find.
// Tensors begin at multiples of 64 bytes: element by element, the last lanes may run into the gap behind a tensor.

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

// @ts-ignore: decorator
@inline function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** exp in four lanes (polynomial of the Cephes library, error below 2e-7), cut off at -87 and 88. */
function expLanes(x: v128): v128 {
  const v = f32x4.max(f32x4.min(x, splat(88)), splat(-87));
  const n = f32x4.nearest(f32x4.mul(v, splat(1.44269504088896341)));
  const r = madd(madd(v, n, splat(-0.693359375)), n, splat(2.12194440e-4));
  let y = madd(splat(1.3981999507e-3), r, splat(1.9875691500e-4));
  y = madd(splat(8.3334519073e-3), r, y);
  y = madd(splat(4.1665795894e-2), r, y);
  y = madd(splat(1.6666665459e-1), r, y);
  y = madd(splat(5.0000001201e-1), r, y);
  y = madd(f32x4.add(r, splat(1)), f32x4.mul(r, r), y);
  const power = i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127));
  return f32x4.mul(y, i32x4.shl(power, 23));
}

/** x[0..n) = exp(x - top), in place; gives their sum, added up in order. */
function expSum(x: usize, top: f32, n: i32): f32 {
  const even = n & ~3;
  for (let j = 0; j < even; j += 4) {
    const to = x + (j << 2);
    v128.store(to, expLanes(f32x4.sub(v128.load(to), splat(top))));
  }
  for (let j = even; j < n; j++) put(x, j, f32x4.extract_lane(expLanes(splat(at(x, j) - top)), 0));
  let sum: f32 = 0;
  for (let j = 0; j < n; j++) sum += at(x, j);
  return sum;
}

function dot(a: usize, b: usize, n: i32): f32 {
  let lanes = splat(0);
  const even = n & ~3;
  for (let j = 0; j < even; j += 4) lanes = madd(lanes, v128.load(a + (j << 2)), v128.load(b + (j << 2)));
  let sum = f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 1);
  sum += f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3);
  for (let j = even; j < n; j++) sum += at(a, j) * at(b, j);
  return sum;
}

/** y += x * by. */
function axpy(y: usize, x: usize, by: f32, n: i32): void {
  const lanes = splat(by);
  const even = n & ~3;
  for (let j = 0; j < even; j += 4) {
    const to = y + (j << 2);
    v128.store(to, madd(v128.load(to), v128.load(x + (j << 2)), lanes));
  }
  for (let j = even; j < n; j++) bump(y, j, at(x, j) * by);
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
    axpy(dTable + (to << 2), dy + ((i * width) << 2), 1, width);
  }
}

export function add(y: usize, a: usize, b: usize, n: i32): void {
  for (let e = 0; e < n << 2; e += 16) v128.store(y + e, f32x4.add(v128.load(a + e), v128.load(b + e)));
}

export function mul(y: usize, a: usize, b: usize, n: i32): void {
  for (let e = 0; e < n << 2; e += 16) v128.store(y + e, f32x4.mul(v128.load(a + e), v128.load(b + e)));
}

/** y += a * b: the backward of mul, once for each side. */
export function mulAdd(y: usize, a: usize, b: usize, n: i32): void {
  for (let e = 0; e < n << 2; e += 16) {
    v128.store(y + e, madd(v128.load(y + e), v128.load(a + e), v128.load(b + e)));
  }
}

/** y += x * by: the backward of add (by = 1) and of scale. */
export function scaleAdd(y: usize, x: usize, by: f32, n: i32): void {
  for (let e = 0; e < n << 2; e += 16) v128.store(y + e, madd(v128.load(y + e), v128.load(x + e), splat(by)));
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
  return <f32>1 / sqrt<f32>(dot(x, x, width) / <f32>width + <f32>1e-5);
}

/** Every row divided by its root mean square. */
export function rmsnorm(y: usize, x: usize, rows: i32, width: i32): void {
  clear(y, rows * width);
  for (let i = 0; i < rows; i++) {
    const row = (i * width) << 2;
    axpy(y + row, x + row, inverseRms(x + row, width), width);
  }
}

export function rmsnormBack(dx: usize, dy: usize, x: usize, rows: i32, width: i32): void {
  for (let i = 0; i < rows; i++) {
    const row = (i * width) << 2;
    const r = inverseRms(x + row, width);
    const pull = (dot(dy + row, x + row, width) * r * r * r) / <f32>width;
    axpy(dx + row, dy + row, r, width);
    axpy(dx + row, x + row, -pull, width);
  }
}

// @ts-ignore: decorator
@inline function sigmoid(x: v128): v128 {
  return f32x4.div(splat(1), f32x4.add(splat(1), expLanes(f32x4.neg(x))));
}

/** What GELU, in its tanh form, puts through the sigmoid: 2 * sqrt(2 / pi) * (x + 0.044715 x^3). */
function geluInner(x: v128): v128 {
  return f32x4.mul(splat(1.5957691216057308), madd(x, f32x4.mul(x, splat(0.044715)), f32x4.mul(x, x)));
}

function activated(x: v128, kind: i32): v128 {
  if (kind == 2) return f32x4.mul(x, sigmoid(x));
  if (kind == 3) return f32x4.mul(x, sigmoid(geluInner(x)));
  if (kind == 4) return sigmoid(x);
  if (kind == 5) return f32x4.sub(f32x4.mul(splat(2), sigmoid(f32x4.mul(splat(2), x))), splat(1));
  const positive = f32x4.max(x, splat(0));
  return kind == 0 ? positive : f32x4.mul(positive, positive);
}

/** Slope of an activation at x, where its value is y. */
function slope(x: v128, y: v128, kind: i32): v128 {
  const one = splat(1);
  if (kind == 0) return v128.and(f32x4.gt(x, splat(0)), one);
  if (kind == 1) return f32x4.mul(splat(2), f32x4.max(x, splat(0)));
  if (kind == 4) return f32x4.mul(y, f32x4.sub(one, y));
  if (kind == 5) return f32x4.sub(one, f32x4.mul(y, y));
  let inner = x;
  let innerSlope = one;
  if (kind == 3) {
    inner = geluInner(x);
    innerSlope = f32x4.mul(splat(1.5957691216057308), madd(one, f32x4.mul(x, splat(0.134145)), x));
  }
  const s = sigmoid(inner);
  return madd(s, f32x4.mul(f32x4.mul(x, s), f32x4.sub(one, s)), innerSlope);
}

/** kind: 0 relu, 1 relu2, 2 silu, 3 gelu, 4 sigmoid, 5 tanh. */
export function activate(y: usize, x: usize, n: i32, kind: i32): void {
  for (let e = 0; e < n << 2; e += 16) v128.store(y + e, activated(v128.load(x + e), kind));
}

export function activateBack(dx: usize, dy: usize, x: usize, y: usize, n: i32, kind: i32): void {
  for (let e = 0; e < n << 2; e += 16) {
    const s = slope(v128.load(x + e), v128.load(y + e), kind);
    v128.store(dx + e, madd(v128.load(dx + e), v128.load(dy + e), s));
  }
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
    axpy(dx + (((i - by) * width) << 2), dy + ((i * width) << 2), 1, width);
  }
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
      const sum = expSum(w, top, past + 1);
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
    memory.copy(d, x, (<usize>width) << 2);
    const sum = expSum(d, top, width);
    for (let j = 0; j < width; j++) put(d, j, at(d, j) / sum / <f32>rows);
    bump(d, target, <f32>-1 / <f32>rows);
    nats += <f64>Mathf.log(sum) + <f64>(top - at(x, target));
  }
  return nats;
}
