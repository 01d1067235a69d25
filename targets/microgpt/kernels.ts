// The kernels of kernels.wasm (source: assembly/kernels.ts) and the memory they work in.
// Knows numbers and addresses; operations.ts gives them meaning, model.ts counts what they cost.
import { readFileSync } from "node:fs";

// TypeScript describes WebAssembly among the browser's types only; Node has it too.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: object };
};

/** A float32 matrix in the kernels' memory. `pointer` and `gradientPointer` are byte addresses. */
export interface Tensor {
  readonly rows: number;
  readonly width: number;
  readonly pointer: number;
  readonly gradientPointer: number;
  readonly data: Float32Array;
  readonly gradient: Float32Array;
}

const NAMES = [
  "heapBase",
  "activate",
  "activateBack",
  "add",
  "attention",
  "attentionBack",
  "bias",
  "biasBack",
  "clear",
  "crossEntropy",
  "gain",
  "gainBack",
  "gather",
  "gatherBack",
  "matmul",
  "mul",
  "mulAdd",
  "rmsnorm",
  "rmsnormBack",
  "scaleAdd",
  "shift",
  "shiftBack",
  "transpose",
] as const;
interface Memory {
  readonly buffer: ArrayBuffer;
}
type Kernels = Record<(typeof NAMES)[number], (...args: number[]) => number>;

function isKernels(found: object): found is Kernels & { memory: Memory } {
  const exports = new Map(Object.entries(found));
  return NAMES.every((name) => typeof exports.get(name) === "function") && exports.has("memory");
}

function load(file: URL): Kernels & { memory: Memory } {
  const found = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file))).exports;
  if (!isKernels(found)) throw new Error(`${file.pathname} does not hold the kernels that kernels.ts names`);
  return found;
}

/** Arguments as in assembly/kernels.ts, pointers as byte addresses. */
export const kernels = load(new URL("./kernels.wasm", import.meta.url));

const { buffer } = kernels.memory;
const ALIGNMENT = 64;
let top = kernels.heapBase();

/** Takes memory for so many 4-byte numbers, zeroed, and gives its address. Memory is never given back. */
export function allocate(count: number): number {
  const pointer = Math.ceil(top / ALIGNMENT) * ALIGNMENT;
  top = pointer + 4 * count;
  if (top > buffer.byteLength)
    throw new Error(`model and batch need more than ${buffer.byteLength >> 20} MiB`);
  return pointer;
}

/** The integers at an address. */
export function integers(pointer: number, count: number): Int32Array {
  return new Int32Array(buffer, pointer, count);
}

export function tensor(rows: number, width: number): Tensor {
  const count = rows * width;
  const pointer = allocate(count);
  const gradientPointer = allocate(count);
  const data = new Float32Array(buffer, pointer, count);
  return {
    rows,
    width,
    pointer,
    gradientPointer,
    data,
    gradient: new Float32Array(buffer, gradientPointer, count),
  };
}
