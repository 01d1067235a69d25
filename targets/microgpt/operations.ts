// The operations a model is made of: shape, cost, forward and backward of each.
// All are causal: a row sees itself and earlier rows of its own name, never its target or another name.
// That holds for whatever is built from them, so an artifact cannot peek. When they run is model.ts.
import { BLOCK, SYMBOLS } from "./data.ts";
import { kernels, type Tensor } from "./kernels.ts";

/** What an operation sees while it runs: inputs a, b, c, result y, and as many rows as the batch has. */
export interface Frame {
  rows: number;
  /** Addresses of the batch's tokens and positions. */
  readonly tokens: number;
  readonly positions: number;
  readonly a: Tensor;
  readonly b: Tensor;
  readonly c: Tensor;
  readonly y: Tensor;
  readonly parameter: Tensor;
  readonly value: number;
  /** Address of what forward keeps for backward. */
  readonly kept: number;
  /** Address of room for a transposed parameter. */
  readonly scratch: number;
}

/** What is known of an operation before it has memory: the widths of its inputs, its parameter, its number. */
export interface Shape {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly parameter: { readonly rows: number; readonly width: number };
  readonly value: number;
}

export interface Operation {
  readonly inputs: 0 | 1 | 2 | 3;
  readonly parameter: boolean;
  /** Width of the result, or undefined if the shapes do not fit. */
  width(shape: Shape): number | undefined;
  /** Multiply-adds, or what takes as long, of a forward per row; backward costs twice that. `seen`: rows that attention looks at. */
  macs(shape: Shape, seen: number): number;
  /** Floats per row that forward keeps for backward. */
  keeps?(shape: Shape): number;
  forward(frame: Frame): void;
  backward(frame: Frame): void;
}

/**
 * What else costs time, in multiply-adds of a matrix product that take as long (measured on x64): so that neither
 * narrow models nor many heads are a way to more work in the same budget.
 */
const PER_ELEMENT = 4;
const PER_NORMED = 10;
const PER_EXPONENTIAL = 32;
const PER_HEAD_AND_ROW = 100;

const lookup = (rows: number, index: (frame: Frame) => number): Operation => ({
  inputs: 0,
  parameter: true,
  width: ({ parameter }) => (parameter.rows === rows ? parameter.width : undefined),
  macs: ({ parameter }) => PER_ELEMENT * parameter.width,
  forward: (f) => kernels.gather(f.y.pointer, f.parameter.pointer, index(f), f.rows, f.y.width),
  backward: (f) =>
    kernels.gatherBack(f.parameter.gradientPointer, f.y.gradientPointer, index(f), f.rows, f.y.width),
});

/** y = x · W, with W[in, out]. */
const linear: Operation = {
  inputs: 1,
  parameter: true,
  width: ({ a, parameter }) => (parameter.rows === a ? parameter.width : undefined),
  macs: ({ a, parameter }) => a * parameter.width,
  forward({ rows, a, y, parameter: w }) {
    kernels.clear(y.pointer, rows * y.width);
    kernels.matmul(y.pointer, a.pointer, w.pointer, rows, a.width, y.width, a.width, 1);
  },
  backward({ rows, a, y, parameter: w, scratch }) {
    const dy = y.gradientPointer;
    kernels.transpose(scratch, w.pointer, w.rows, w.width);
    kernels.matmul(a.gradientPointer, dy, scratch, rows, y.width, a.width, y.width, 1);
    kernels.matmul(w.gradientPointer, a.pointer, dy, a.width, rows, y.width, 1, a.width);
  },
};

/** y = x · Wᵀ, with W[out, in]: an output head that shares the table of an embedding. */
const tied: Operation = {
  inputs: 1,
  parameter: true,
  width: ({ a, parameter }) => (parameter.width === a ? parameter.rows : undefined),
  macs: ({ a, parameter }) => a * parameter.rows,
  forward({ rows, a, y, parameter: w, scratch }) {
    kernels.transpose(scratch, w.pointer, w.rows, w.width);
    kernels.clear(y.pointer, rows * y.width);
    kernels.matmul(y.pointer, a.pointer, scratch, rows, a.width, y.width, a.width, 1);
  },
  backward({ rows, a, y, parameter: w }) {
    const dy = y.gradientPointer;
    kernels.matmul(a.gradientPointer, dy, w.pointer, rows, y.width, a.width, y.width, 1);
    kernels.matmul(w.gradientPointer, dy, a.pointer, y.width, rows, a.width, 1, y.width);
  },
};

const isWhole = (value: number) => Number.isInteger(value) && value >= 1;

const rowWide = ({ a, parameter }: Shape) => (parameter.rows === 1 && parameter.width === a ? a : undefined);

const bias: Operation = {
  inputs: 1,
  parameter: true,
  width: rowWide,
  macs: ({ a }) => PER_ELEMENT * a,
  forward: ({ rows, a, y, parameter: b }) => kernels.bias(y.pointer, a.pointer, b.pointer, rows, a.width),
  backward({ rows, a, y, parameter: b }) {
    kernels.scaleAdd(a.gradientPointer, y.gradientPointer, 1, rows * a.width);
    kernels.biasBack(b.gradientPointer, y.gradientPointer, rows, a.width);
  },
};

const gain: Operation = {
  inputs: 1,
  parameter: true,
  width: rowWide,
  macs: ({ a }) => PER_ELEMENT * a,
  forward: ({ rows, a, y, parameter: g }) => kernels.gain(y.pointer, a.pointer, g.pointer, rows, a.width),
  backward({ rows, a, y, parameter: g }) {
    const dy = y.gradientPointer;
    kernels.gainBack(a.gradientPointer, g.gradientPointer, dy, a.pointer, g.pointer, rows, a.width);
  },
};

const rmsnorm: Operation = {
  inputs: 1,
  parameter: false,
  width: ({ a }) => a,
  macs: ({ a }) => PER_NORMED * a,
  forward: ({ rows, a, y }) => kernels.rmsnorm(y.pointer, a.pointer, rows, a.width),
  backward: ({ rows, a, y }) =>
    kernels.rmsnormBack(a.gradientPointer, y.gradientPointer, a.pointer, rows, a.width),
};

const activation = (kind: number, macs: number): Operation => ({
  inputs: 1,
  parameter: false,
  width: ({ a }) => a,
  macs: ({ a }) => macs * a,
  forward: ({ rows, a, y }) => kernels.activate(y.pointer, a.pointer, rows * a.width, kind),
  backward: ({ rows, a, y }) =>
    kernels.activateBack(a.gradientPointer, y.gradientPointer, a.pointer, y.pointer, rows * a.width, kind),
});

const add: Operation = {
  inputs: 2,
  parameter: false,
  width: ({ a, b }) => (a === b ? a : undefined),
  macs: ({ a }) => PER_ELEMENT * a,
  forward: ({ rows, a, b, y }) => kernels.add(y.pointer, a.pointer, b.pointer, rows * y.width),
  backward({ rows, a, b, y }) {
    kernels.scaleAdd(a.gradientPointer, y.gradientPointer, 1, rows * y.width);
    kernels.scaleAdd(b.gradientPointer, y.gradientPointer, 1, rows * y.width);
  },
};

const mul: Operation = {
  inputs: 2,
  parameter: false,
  width: ({ a, b }) => (a === b ? a : undefined),
  macs: ({ a }) => PER_ELEMENT * a,
  forward: ({ rows, a, b, y }) => kernels.mul(y.pointer, a.pointer, b.pointer, rows * y.width),
  backward({ rows, a, b, y }) {
    kernels.mulAdd(a.gradientPointer, y.gradientPointer, b.pointer, rows * y.width);
    kernels.mulAdd(b.gradientPointer, y.gradientPointer, a.pointer, rows * y.width);
  },
};

/** y = x * value. */
const scale: Operation = {
  inputs: 1,
  parameter: false,
  width: ({ a }) => a,
  macs: ({ a }) => PER_ELEMENT * a,
  forward({ rows, a, y, value }) {
    kernels.clear(y.pointer, rows * y.width);
    kernels.scaleAdd(y.pointer, a.pointer, value, rows * y.width);
  },
  backward: ({ rows, a, y, value }) =>
    kernels.scaleAdd(a.gradientPointer, y.gradientPointer, value, rows * y.width),
};

/** Each row gets the row `value` characters earlier in its name, or zeros. */
const shift: Operation = {
  inputs: 1,
  parameter: false,
  width: ({ a, value }) => (isWhole(value) && value < BLOCK ? a : undefined),
  macs: ({ a }) => PER_ELEMENT * a,
  forward: ({ rows, a, y, value, positions }) =>
    kernels.shift(y.pointer, a.pointer, positions, rows, a.width, value),
  backward: ({ rows, a, y, value, positions }) =>
    kernels.shiftBack(a.gradientPointer, y.gradientPointer, positions, rows, a.width, value),
};

/** Causal attention with queries a, keys b, values c and `value` heads side by side. */
const attention: Operation = {
  inputs: 3,
  parameter: false,
  width: ({ a, b, c, value }) =>
    a === b && b === c && Number.isInteger(a / value) && isWhole(value) ? a : undefined,
  macs: ({ a, value }, seen) => seen * (2 * a + PER_HEAD_AND_ROW * value),
  keeps: ({ value }) => value * BLOCK,
  forward: ({ rows, a, b, c, y, value, kept, positions }) =>
    kernels.attention(
      y.pointer,
      kept,
      a.pointer,
      b.pointer,
      c.pointer,
      positions,
      rows,
      a.width,
      value,
      BLOCK,
    ),
  backward({ rows, a, b, c, y, value, kept, positions }) {
    const [dq, dk, dv, dy] = [a.gradientPointer, b.gradientPointer, c.gradientPointer, y.gradientPointer];
    const [q, k, v] = [a.pointer, b.pointer, c.pointer];
    kernels.attentionBack(dq, dk, dv, dy, kept, q, k, v, positions, rows, a.width, value, BLOCK);
  },
};

export const operations = {
  embedding: lookup(SYMBOLS, (frame) => frame.tokens),
  position: lookup(BLOCK, (frame) => frame.positions),
  linear,
  tied,
  bias,
  gain,
  rmsnorm,
  relu: activation(0, PER_ELEMENT),
  relu2: activation(1, PER_ELEMENT),
  silu: activation(2, PER_EXPONENTIAL),
  gelu: activation(3, PER_EXPONENTIAL),
  sigmoid: activation(4, PER_EXPONENTIAL),
  tanh: activation(5, PER_EXPONENTIAL),
  add,
  mul,
  scale,
  shift,
  attention,
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
export type ActivationName = "relu" | "relu2" | "silu" | "gelu" | "sigmoid" | "tanh";

export function isOperation(name: unknown): name is OperationName {
  return typeof name === "string" && Object.hasOwn(operations, name);
}
