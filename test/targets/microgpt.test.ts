// The bundled study: are its kernels, budget, splits and evaluator what program.md promises?
// Knows the template through its modules and through the two commands a study runs.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { load, save } from "../../targets/microgpt/artifact.ts";
import { Budget, BudgetSpent, budget, limitFrom } from "../../targets/microgpt/budget.ts";
import { makeSplits } from "../../targets/microgpt/data/make-splits.ts";
import { BLOCK, encode, SYMBOLS, trainingNames } from "../../targets/microgpt/data.ts";
import { kernels, tensor } from "../../targets/microgpt/kernels.ts";
import { Model, type Node } from "../../targets/microgpt/model.ts";
import { normal, uniform } from "../../targets/microgpt/random.ts";
import * as reference from "./microgpt-reference.ts";
import { copyOfTemplate, node, removeCopies, TEMPLATE, trainTiny } from "./template-copy.ts";

afterEach(removeCopies);

type Layer = (
  model: Model,
  x: Node,
  make: (rows: number, width: number) => ReturnType<Model["parameter"]>,
) => Node;

const WIDTH = 6;
const layers: Record<string, Layer> = {
  linear: (m, x, make) => m.linear(x, make(WIDTH, 9)),
  tied: (m, x, make) => m.tied(x, make(9, WIDTH)),
  bias: (m, x, make) => m.bias(x, make(1, WIDTH)),
  gain: (m, x, make) => m.gain(x, make(1, WIDTH)),
  position: (m, x, make) => m.add(x, m.position(make(BLOCK, WIDTH))),
  rmsnorm: (m, x) => m.rmsnorm(x),
  relu: (m, x) => m.activate("relu", x),
  relu2: (m, x) => m.activate("relu2", x),
  silu: (m, x) => m.activate("silu", x),
  gelu: (m, x) => m.activate("gelu", x),
  sigmoid: (m, x) => m.activate("sigmoid", x),
  tanh: (m, x) => m.activate("tanh", x),
  add: (m, x) => m.add(x, m.scale(x, 0.5)),
  mul: (m, x, make) => m.mul(x, m.linear(x, make(WIDTH, WIDTH))),
  scale: (m, x) => m.scale(x, -1.5),
  shift: (m, x) => m.add(x, m.shift(x, 2)),
  attention: (m, x, make) => {
    const project = () => m.linear(x, make(WIDTH, WIDTH));
    return m.attention(project(), project(), project(), 2);
  },
};

/** Embedding, the layers one after another, and a head. */
function modelOf(chosen: readonly Layer[]): Model {
  const random = uniform(7);
  const model = new Model();
  const make = (rows: number, width: number) => model.parameter(rows, width, () => normal(random));
  let x = model.embedding(make(SYMBOLS, WIDTH));
  for (const layer of chosen) {
    x = layer(model, x, make);
    if (x.width !== WIDTH) x = model.linear(x, make(x.width, WIDTH));
  }
  model.linear(x, make(WIDTH, SYMBOLS));
  return model;
}

const NAMES = ["anna", "bo", "christoph"];

function lossOf(model: Model): number {
  model.forward(encode(NAMES));
  return model.crossEntropy();
}

describe("the operations", () => {
  it.each(Object.entries(layers))("have the gradient that finite differences show: %s", (_, layer) => {
    const model = modelOf([layer]);
    lossOf(model);
    model.backward();
    const random = uniform(11);
    const step = 4e-3;
    for (const { data, gradient } of model.parameters) {
      const original = data.slice();
      const direction = original.map(() => normal(random) / Math.sqrt(original.length));
      const along = gradient.reduce((sum, g, i) => sum + g * (direction[i] ?? Number.NaN), 0);
      const lossAt = (distance: number) => {
        data.set(original.map((value, i) => value + distance * (direction[i] ?? Number.NaN)));
        return lossOf(model);
      };
      const measured = (lossAt(step) - lossAt(-step)) / (2 * step);
      data.set(original);
      expect(Math.abs(measured - along)).toBeLessThan(5e-4 + 0.01 * Math.abs(along));
    }
  });

  it("let no row see a later letter or another name", () => {
    const model = modelOf(Object.values(layers));
    const rows = 5;
    const firstRows = (names: string[]) => {
      model.forward(encode(names));
      return model.result().data.slice(0, rows * SYMBOLS);
    };
    const expected = firstRows(["abcdefgh", "x"]);
    expect(firstRows(["abcdzyyy", "x"])).toEqual(expected);
    expect(firstRows(["abcd", "quentin", "lea"])).toEqual(expected);
    expect(firstRows(["abxd"])).not.toEqual(expected);
  });
});

describe("the kernels", () => {
  const shapes = [
    [8, 16, 32],
    [5, 3, 27],
    [1, 1, 1],
    [7, 13, 12],
    [13, 9, 7],
  ] as const;

  it.each(shapes)("multiply %i x %i by %i to the bits of the plain loop, plain or transposed", (m, k, n) => {
    const random = uniform(3);
    const filled = (rows: number, width: number) => {
      const made = tensor(rows, width);
      made.data.set(made.data.map(() => normal(random)));
      return made;
    };
    for (const [aRow, aStep] of [
      [k, 1],
      [1, m],
    ] as const) {
      const [a, b, c] = [filled(m, k), filled(k, n), filled(m, n)];
      const expected = c.data.slice();
      reference.matmul(expected, a.data, b.data, [m, k, n, aRow, aStep]);
      kernels.matmul(c.pointer, a.pointer, b.pointer, m, k, n, aRow, aStep);
      expect(c.data).toEqual(expected);
    }
  });

  it("agree with the reference on attention, norm and activations", () => {
    const model = new Model();
    const random = uniform(5);
    const table = () => model.parameter(BLOCK, 8, () => normal(random));
    const [q, k, v] = [model.position(table()), model.position(table()), model.position(table())];
    const mixed = model.attention(q, k, v, 2);
    const normed = model.rmsnorm(q);
    model.forward(encode(["maximilian"]));
    const rowsOf = (x: Node) =>
      Array.from({ length: 11 }, (_, i) => [...model.result(x).data.subarray(8 * i, 8 * i + 8)]);
    const near = (x: Node, expected: number[][]) =>
      rowsOf(x)
        .flat()
        .forEach((value, i) => {
          expect(value).toBeCloseTo(expected.flat()[i] ?? Number.NaN, 5);
        });
    near(mixed, reference.attention([rowsOf(q), rowsOf(k), rowsOf(v)], 2));
    near(normed, rowsOf(q).map(reference.rmsnorm));
    for (const kind of ["relu", "relu2", "silu", "gelu", "sigmoid", "tanh"] as const) {
      const active = model.activate(kind, q);
      model.forward(encode(["maximilian"]));
      near(
        active,
        rowsOf(q).map((row) => row.map(reference.activations[kind])),
      );
    }
  });
});

describe("the compute budget", () => {
  it("counts m * n * k for a product, twice that for its backward, and an update of every parameter", () => {
    const model = new Model();
    const start = budget.spent;
    const wide = model.embedding(model.parameter(SYMBOLS, 8));
    model.forward(encode(NAMES));
    const lookup = budget.spent - start;
    model.linear(wide, model.parameter(8, SYMBOLS));
    model.forward(encode(NAMES));
    const rows = 4 + 1 + 2 + 1 + 9 + 1;
    const forward = lookup + rows * 8 * SYMBOLS;
    expect(budget.spent - start).toBe(lookup + forward);
    model.backward();
    expect(budget.spent - start).toBe(lookup + 3 * forward + 100 * 2 * 8 * SYMBOLS);
  });

  it("is refused before the spend", () => {
    const small = new Budget(100);
    small.charge(90);
    expect(() => small.charge(90)).toThrow(BudgetSpent);
    expect(small.spent).toBe(90);
  });

  it("comes from the command line and knows its names only", () => {
    expect(limitFrom(["node", "train.ts", "--compute", "demo"])).toBeLessThan(
      limitFrom(["node", "train.ts"]),
    );
    expect(() => limitFrom(["--compute", "endless"])).toThrow("--compute endless");
  });
});

describe("a training run", () => {
  it("is scored on the hidden split by a graph alone, without its code", () => {
    const folder = copyOfTemplate();
    trainTiny(folder);
    rmSync(join(folder, "train.ts"));
    const [validation, hidden] = [[], ["--split", "hidden"]].map((split) =>
      node(folder, ["evaluate.ts", ...split]),
    );
    expect(hidden?.stdout).toMatch(/^val_bpb: \d\.\d{6}\n$/);
    expect(hidden?.stdout).not.toBe(validation?.stdout);
    expect(Number(validation?.stdout.slice(9))).toBeLessThan(Math.log2(SYMBOLS));
  });
});

describe("the evaluator", () => {
  type Artifact = { format: string; lines: Record<string, unknown>[]; parameters: Record<string, unknown>[] };
  const good = save(modelOf([]));
  const changed = (change: (artifact: Artifact) => void): string => {
    const artifact: Artifact = JSON.parse(good);
    change(artifact);
    return JSON.stringify(artifact);
  };
  const weights = (count: number, value: number) =>
    Buffer.from(new Float32Array(count).fill(value).buffer).toString("base64");
  const set = (target: Record<string, unknown> | undefined, fields: Record<string, unknown>) =>
    Object.assign(target ?? {}, fields);

  it("reads back what was saved", () => {
    expect(save(load(good))).toBe(good);
  });

  it.each([
    ["text that is no JSON", "not json"],
    ["another format", changed((a) => set(a as never, { format: "microgpt-graph-2" }))],
    ["an unknown field", changed((a) => set(a as never, { code: "process.exit()" }))],
    ["an unknown operation", changed((a) => set(a.lines[1], { op: "peek" }))],
    ["an inherited property as operation", changed((a) => set(a.lines[1], { op: "constructor" }))],
    ["an input that comes later", changed((a) => set(a.lines[1], { inputs: [1] }))],
    ["an input too many", changed((a) => set(a.lines[1], { inputs: [0, 0] }))],
    ["a parameter that is not there", changed((a) => set(a.lines[1], { parameter: 9 }))],
    ["a parameter of the wrong shape", changed((a) => set(a.lines[1], { parameter: 0 }))],
    [
      "a weight that is not a number",
      changed((a) => set(a.parameters[1], { data: weights(6 * 27, Number.NaN) })),
    ],
    ["weights cut short", changed((a) => set(a.parameters[1], { data: weights(6 * 26, 0) }))],
    ["more parameters than allowed", changed((a) => a.parameters.push({ rows: 1e6, width: 1, data: "" }))],
    ["a negative size", changed((a) => set(a.parameters[1], { rows: -6 }))],
    [
      "a shift into the future",
      changed((a) => a.lines.push({ op: "shift", inputs: [1], parameter: -1, value: -1 })),
    ],
    [
      "a fraction of a head",
      changed((a) => a.lines.push({ op: "attention", inputs: [1, 1, 1], parameter: -1, value: 1.5 })),
    ],
    ["more bytes than allowed", good + " ".repeat(4_000_000)],
  ])("refuses %s", (_, text) => {
    expect(() => load(text)).toThrow();
  });

  it.each([
    ["no artifact", undefined],
    ["an output of the wrong width", changed((a) => a.lines.pop())],
    ["an empty graph", changed((a) => a.lines.splice(0))],
    ["an output that is not finite", changed((a) => set(a.parameters[0], { data: weights(27 * 6, 3e38) }))],
  ])("prints a reason, no score, and exits 1 for %s", (_, text) => {
    const folder = copyOfTemplate();
    if (text !== undefined) writeFileSync(join(folder, "model.json"), text);
    const { status, stdout, stderr } = node(folder, ["evaluate.ts"]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^model\.json refused: ./);
  });
});

describe("the data", () => {
  const split = (file: string) => readFileSync(join(TEMPLATE, "data", file), "utf8");

  it("is what make-splits.ts makes of the two public lists", () => {
    for (const [file, text] of Object.entries(makeSplits())) expect(split(file)).toBe(text);
  });

  it("has distinct names that no two splits share, all within the block", () => {
    const names = ["train.txt", "validation.txt", "hidden.txt"].flatMap((file) =>
      split(file).trim().split("\n"),
    );
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z]{1,15}$/.test(name))).toEqual([]);
  });

  it("gives training code the training split only", () => {
    expect(trainingNames().join("\n")).toBe(split("train.txt").trim());
  });

  it("lays a name out as what is seen, where, and what comes next", () => {
    expect(encode(["bo"])).toEqual({
      tokens: Int32Array.of(0, 2, 15),
      positions: Int32Array.of(0, 1, 2),
      targets: Int32Array.of(2, 15, 0),
      names: 1,
    });
  });
});
