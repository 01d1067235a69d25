// A model as a graph of operations, recorded while it is built, run on batches and charged to the budget.
// Saved as graph and weights, so that evaluate.ts can replay it without running the code that made it.
import { budget } from "./budget.ts";
import { type Batch, BLOCK, SYMBOLS } from "./data.ts";
import { allocate, integers, kernels, type Tensor, tensor } from "./kernels.ts";
import {
  type ActivationName,
  type Frame,
  type Operation,
  type OperationName,
  operations,
  type Shape,
} from "./operations.ts";

/** What the evaluator takes: enough for any model that could be trained within the budget. */
const LIMITS = { parameters: 300_000, lines: 400, width: 1024 } as const;

/** Charged for the loss, per row: 27 exponentials. In multiply-adds, like the costs in operations.ts. */
const LOSS_MACS = 900;
/** Charged with every backward, per parameter: what an Adam step in plain JavaScript takes. */
const UPDATE_MACS = 100;

/** The result of one operation in a model. */
export interface Node {
  readonly id: number;
  readonly width: number;
}

/** One line of the recorded graph: indices of earlier lines, index of a parameter (-1: none), a number. */
export interface Line {
  readonly op: OperationName;
  readonly inputs: readonly number[];
  readonly parameter: number;
  readonly value: number;
}

interface Recorded extends Line, Node {
  readonly shape: Shape;
}

const NONE: Tensor = tensor(0, 0);

export class Model {
  readonly parameters: Tensor[] = [];
  readonly #graph: Recorded[] = [];
  #frames: Frame[] = [];
  #capacity = 0;
  #targets = 0;
  #rows = 0;
  #forwardMacs = 0;

  /** A new parameter, filled by `init` element by element (zeros if left out). */
  parameter(rows: number, width: number, init?: () => number): Tensor {
    const size = this.parameters.reduce((sum, { data }) => sum + data.length, rows * width);
    if (!(rows >= 1 && width >= 1 && size <= LIMITS.parameters)) {
      throw new Error(
        `parameter ${rows} x ${width}: sizes from 1, at most ${LIMITS.parameters} numbers in all`,
      );
    }
    const made = tensor(rows, width);
    if (init) made.data.set(made.data.map(init));
    this.parameters.push(made);
    return made;
  }

  embedding = (table: Tensor) => this.#record("embedding", [], { table });
  position = (table: Tensor) => this.#record("position", [], { table });
  linear = (x: Node, table: Tensor) => this.#record("linear", [x], { table });
  tied = (x: Node, table: Tensor) => this.#record("tied", [x], { table });
  bias = (x: Node, table: Tensor) => this.#record("bias", [x], { table });
  gain = (x: Node, table: Tensor) => this.#record("gain", [x], { table });
  rmsnorm = (x: Node) => this.#record("rmsnorm", [x]);
  activate = (kind: ActivationName, x: Node) => this.#record(kind, [x]);
  add = (x: Node, y: Node) => this.#record("add", [x, y]);
  mul = (x: Node, y: Node) => this.#record("mul", [x, y]);
  scale = (x: Node, value: number) => this.#record("scale", [x], { value });
  shift = (x: Node, value: number) => this.#record("shift", [x], { value });
  attention = (q: Node, k: Node, v: Node, heads: number) =>
    this.#record("attention", [q, k, v], { value: heads });

  #record(
    op: OperationName,
    inputs: Node[],
    { table, value = 0 }: { table?: Tensor; value?: number } = {},
  ): Node {
    const parameter = table ? this.parameters.indexOf(table) : -1;
    return this.append({ op, inputs: inputs.map(({ id }) => id), parameter, value });
  }

  /** Adds a line to the graph; the last one is the output. Throws when it does not fit what is there. */
  append({ op, inputs, parameter, value }: Line): Node {
    const id = this.#graph.length;
    const operation = operations[op];
    const widths = inputs.map((input) => this.#graph[input]?.width ?? Number.NaN);
    const [a = 0, b = 0, c = 0] = widths;
    const table = this.parameters[parameter];
    const shape = { a, b, c, parameter: table ?? NONE, value };
    const complete = inputs.length === operation.inputs && operation.parameter === (table !== undefined);
    const width = complete && Number.isFinite(value) ? operation.width(shape) : undefined;
    if (width === undefined || !(width <= LIMITS.width) || id >= LIMITS.lines) {
      const sizes = table ? ` with a parameter ${table.rows} x ${table.width}` : "";
      throw new Error(
        `line ${id}, ${op} of widths (${widths.join(", ")})${sizes}, value ${value}: does not fit`,
      );
    }
    const recorded = { op, inputs, parameter, value, id, width, shape };
    this.#graph.push(recorded);
    this.#capacity = 0;
    return recorded;
  }

  /** The recorded graph. */
  get lines(): Line[] {
    return this.#graph.map(({ op, inputs, parameter, value }) => ({ op, inputs, parameter, value }));
  }

  /** The tensor of a node, the last one unless told; its first rows hold the last batch. */
  result(node: Node | undefined = this.#graph.at(-1)): Tensor {
    return this.#frames[node?.id ?? -1]?.y ?? NONE;
  }

  /** Runs the graph on a batch. Throws BudgetSpent when the budget does not allow it. */
  forward(batch: Batch): void {
    const rows = batch.tokens.length;
    const seen = batch.positions.reduce((sum, before) => sum + before + 1, 0) / rows;
    const macsPerRow = this.#graph.reduce((sum, { op, shape }) => sum + operations[op].macs(shape, seen), 0);
    this.#forwardMacs = Math.round(rows * macsPerRow);
    budget.charge(this.#forwardMacs);
    this.#place(batch);
    budget.timed(() => {
      for (const { op, frame } of this.#steps()) operations[op].forward(frame);
    });
  }

  /** Mean nats per character on the batch of the last forward; sets the gradient of the logits. */
  crossEntropy(): number {
    const { pointer, gradientPointer, width } = this.result();
    if (width !== SYMBOLS) throw new Error(`the last line must be ${SYMBOLS} wide, not ${width}`);
    const rows = this.#rows;
    budget.charge(rows * LOSS_MACS);
    const nats = budget.timed(() =>
      kernels.crossEntropy(gradientPointer, pointer, this.#targets, rows, SYMBOLS),
    );
    return nats / rows;
  }

  /** Gradients of all parameters, from the gradient of the logits. */
  backward(): void {
    const size = this.parameters.reduce((sum, { data }) => sum + data.length, 0);
    budget.charge(2 * this.#forwardMacs + size * UPDATE_MACS);
    budget.countTokens(this.#rows);
    budget.timed(() => {
      for (const { gradientPointer, data } of this.parameters) kernels.clear(gradientPointer, data.length);
      const steps = this.#steps().reverse();
      for (const { frame } of steps.slice(1))
        kernels.clear(frame.y.gradientPointer, this.#rows * frame.y.width);
      for (const { op, frame } of steps) operations[op].backward(frame);
    });
  }

  #steps(): { op: OperationName; frame: Frame }[] {
    return this.#frames.map((frame, i) => ({ op: this.#graph[i]?.op ?? "scale", frame }));
  }

  /** Copies a batch to where the kernels read it, with room for its results. */
  #place({ tokens, positions, targets, names }: Batch): void {
    if (tokens.length > this.#capacity) this.#makeRoom(names * BLOCK);
    this.#rows = tokens.length;
    for (const frame of this.#frames) frame.rows = tokens.length;
    const start = this.#frames[0]?.tokens ?? 0;
    for (const [i, numbers] of [tokens, positions, targets].entries()) {
      integers(start + 4 * i * this.#capacity, numbers.length).set(numbers);
    }
  }

  #makeRoom(capacity: number): void {
    const tokens = allocate(3 * capacity);
    const scratch = allocate(Math.max(1, ...this.parameters.map(({ data }) => data.length)));
    const results = this.#graph.map(({ width }) => tensor(capacity, width));
    const input = (index: number | undefined) => results[index ?? -1] ?? NONE;
    this.#frames = this.#graph.map(({ op, inputs: [a, b, c], id, shape, parameter, value }) => ({
      rows: 0,
      tokens,
      positions: tokens + 4 * capacity,
      a: input(a),
      b: input(b),
      c: input(c),
      y: input(id),
      parameter: this.parameters[parameter] ?? NONE,
      value,
      kept: allocate(capacity * keptBy(op, shape)),
      scratch,
    }));
    this.#targets = tokens + 8 * capacity;
    this.#capacity = capacity;
  }
}

function keptBy(op: OperationName, shape: Shape): number {
  const operation: Operation = operations[op];
  return operation.keeps?.(shape) ?? 0;
}
