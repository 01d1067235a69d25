import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findKnobs, writeKnobs } from "../../../src/researcher/tuner/knobs.ts";
import type { KnobValue } from "../../../src/researcher/tuner/literal.ts";
import { spaceOf } from "../../../src/researcher/tuner/space.ts";

const SCRIPT = `#!/usr/bin/env node
import { read } from "./data.ts"; // const HIDDEN = 3
const LEARNING_RATE = 1e-2;
const width: number = 16, depth = 3;
export const BETA = .95; /* 0.5 */
const text = \`const INNER = 5;
const LINE = \${[1, 2].map((n) => \`\${n}const DEEP = 4\`)}
\`;
const pattern = /const RE = 7;/;
const WARMUP = 1_000
const SUM = 4
  * 3;
const SEED = 42;
const PORT = 8080;
const NAME = "gpt";
const ACTIVATION = "relu"; // tune: relu | gelu | silu
const USE_BIAS = true;
const BIG = 10n, HEX = 0xff;
function f(x = 3) {
  const LOCAL = 5;
  const scale = x * 0.5; // tune: 0.1..2 log
  return { heads: 4, dropout: 0.1 }; // tune: 0..0.5
}
const FIXED = 9; // tune: off
const BAD = 3; // tune: 9..4
`;

const PYTHON = `"""
LR = 5
"""
LEARNING_RATE: float = 3e-04  # tune: 1e-4..1e-1 log
DIM = 2 * 8
WIDTH = 64
USE_BIAS = True
lower = 3
OFFSET = -0.5
ZERO = 0.0
adam = Adam(lr=0.01, eps=1e-8)  # tune: 1e-10..1e-6
if True:
    NESTED = 4
    heads = 4  # tune: 2 | 4 | 8
text = f"{WIDTH} # tune: 1..2"
SEED_VALUE = 3
x = y -1  # tune: 1..4
`;

function values(path: string, text: string): Record<string, KnobValue> {
  return Object.fromEntries(findKnobs(path, text).knobs.map((knob) => [knob.name, knob.value]));
}

function knob(path: string, text: string) {
  const found = findKnobs(path, text);
  const [first] = found.knobs;
  if (first === undefined) throw new Error(`no knob in ${text}: ${JSON.stringify(found.problems)}`);
  return first;
}

describe("what is a knob", () => {
  test("top-level constants and annotated literals of TypeScript are, text in comments and strings isn't", () => {
    expect(values("train.ts", SCRIPT)).toEqual({
      LEARNING_RATE: 0.01,
      width: 16,
      depth: 3,
      BETA: 0.95,
      WARMUP: 1000,
      ACTIVATION: "relu",
      USE_BIAS: true,
      scale: 0.5,
      dropout: 0.1,
    });
  });

  test("capital constants and annotated literals of Python are", () => {
    expect(values("train.py", PYTHON)).toEqual({
      LEARNING_RATE: 3e-4,
      WIDTH: 64,
      USE_BIAS: true,
      OFFSET: -0.5,
      ZERO: 0,
      eps: 1e-8,
      heads: 4,
      x: 1,
    });
  });

  test("numbers at keys of JSON and YAML are, with the key path as name", () => {
    expect(
      values("c.json", '{\n\t"lr": 1e-3, "on": true, "net": {"width": 64, "sizes": [1, 2]}, "version": 2}'),
    ).toEqual({
      lr: 1e-3,
      "net.width": 64,
    });
    const yaml =
      "lr: 0.01\nname: 'a # tune: 1..2'\nnet:\n  act: relu # tune: relu | gelu\n  sizes: [8, 16] # tune: 4 | 16\n";
    expect(values("c.yaml", yaml)).toEqual({ lr: 0.01, "net.act": "relu", "net.sizes[1]": 16 });
  });

  test("a seed is none even when annotated", () => {
    const found = findKnobs("a.py", "SEED = 3  # tune: 1..9\n");
    expect(found.knobs).toEqual([]);
    expect(found.problems).toEqual([
      expect.objectContaining({ line: 1, cause: expect.stringContaining("seed") }),
    ]);
  });

  test.each([
    ["a = 1 # tune: 5..2", "empty"],
    ["a = 1 # tune: -1..2 log", "above 0"],
    ["a = 1 # tune: 1..2..3", "not a range"],
    ["a = 1 # tune: fast | slow", "same type"],
    ["a = 1 # tune: 2 | 3", "not among"],
    ["a = 'x' # tune: 1..3", "needs a number"],
    ["a = f(b) # tune: 1..3", "no number"],
    ["# tune: 1..3", "no number"],
    ["a = 4 # tune: 1..9 step 0", "step"],
    ["a = 4 # tune: bigger", "cannot read"],
  ])("%s is a problem with its line and cause", (line, cause) => {
    const found = findKnobs("a.py", `\n${line}\n`);
    expect(found.knobs).toEqual([]);
    expect(found.problems).toEqual([{ path: "a.py", line: 2, cause: expect.stringContaining(cause) }]);
  });

  test("a document that does not parse is a problem", () => {
    expect(findKnobs("a.json", '{"a": 1').problems).toHaveLength(1);
  });

  test("any text whatever is read without a throw", () => {
    const scraps = fc.constantFrom(
      "const A",
      "=",
      "1",
      "-",
      "'",
      '"',
      "`",
      "${",
      "}",
      "/",
      "//",
      "#",
      "\n",
      "tune: 1..3",
      "{",
      "[",
      ":",
      " ",
      "\\",
    );
    const text = fc.array(fc.oneof(scraps, fc.string({ maxLength: 3 })), { maxLength: 30 });
    fc.assert(
      fc.property(text, fc.constantFrom("a.ts", "a.py", "a.json", "a.yaml"), (pieces, path) => {
        const source = pieces.join("");
        for (const each of findKnobs(path, source).knobs)
          expect(source.slice(each.start, each.end)).not.toBe("");
      }),
      { numRuns: 400 },
    );
  });
});

describe("which values it may take", () => {
  test.each([
    ["const A = 0.02;", { scale: "log", low: 0.005, high: 0.08, kind: "float" }],
    ["const A = 6;", { scale: "log", low: 1, high: 24, kind: "integer" }],
    ["const A = 16;", { low: 4, high: 64, base: 2 }],
    ["const A = 4;", { low: 1, high: 16, kind: "integer" }],
    ["const A = 0.0;", { scale: "linear", low: 0, high: 1 }],
    ["const A = -0.5;", { scale: "linear", low: -1, high: 0 }],
    ["const A = false;", { kind: "boolean", choices: [false, true] }],
    ["const A = 8; // tune: 8..64 step 8", { kind: "integer", scale: "linear", step: 8, annotated: true }],
    ["const A = 1; // width, tune: 0.5..2 log", { kind: "float", scale: "log" }],
    ["const A = 0.9; // tune: 0.5..0.999", { scale: "complement" }],
  ])("%s", (text, domain) => {
    expect(knob("a.ts", text)).toMatchObject(domain);
  });

  test("a fraction near one is searched by its distance to one", () => {
    const beta = knob("a.ts", "const BETA = 0.95;");
    expect(beta).toMatchObject({ scale: "complement", low: 0.8 });
    expect(beta.high).toBeCloseTo(0.9875);
  });
});

describe("writing values", () => {
  test.each([
    ["X = 1e-3", 0.00132, "X = 1.32e-3"],
    ["X = 3E-04", 0.0012, "X = 1.2E-03"],
    ["X = 1.0", 2, "X = 2.0"],
    ["X = .5", 0.25, "X = .25"],
    ["X = 1_000", 12500, "X = 12_500"],
    ["X = -0.5", -0.25, "X = -0.25"],
    ["X = True", false, "X = False"],
    ["X = 'a' # tune: a | b", "b", "X = 'b' # tune: a | b"],
    ["X = y -1 # tune: -3..4", -2, "X = y - -2 # tune: -3..4"],
  ])("%s keeps its style with %s", (text, value, written) => {
    const only = knob("a.py", text);
    expect(writeKnobs(text, [only], { [only.id]: value })).toBe(written);
  });

  test.each([
    ["train.ts", SCRIPT],
    ["train.py", PYTHON],
    [
      "c.yaml",
      "lr: 0.01 # rate\nnet: {act: relu} # tune: relu | yes | gelu\nlist: [1, 2] # tune: 1..5\nx: -3.5\n",
    ],
    ["c.json", '{"a": 1e-3, "b": {"c": 64, "d": 0.99, "e": 7}}'],
  ])("any point of the space of %s is read back as written, all else byte for byte", (path, text) => {
    const { knobs } = findKnobs(path, text);
    const space = spaceOf(knobs);
    const place = fc.tuple(
      ...space.dimensions.map((dimension) =>
        dimension.kind === "category"
          ? fc.nat(dimension.choices - 1)
          : fc.double({ min: 0, max: 1, noNaN: true }),
      ),
    );
    fc.assert(
      fc.property(place, (point) => {
        const settings = space.decode(point as number[]);
        const written = writeKnobs(text, knobs, settings);
        const again = findKnobs(path, written).knobs;
        expect(Object.fromEntries(again.map(({ id, value }) => [id, value]))).toEqual(settings);
        expect(blank(written, again)).toBe(blank(text, knobs));
        // Rounded values map to themselves.
        expect(space.decode(space.encode(settings))).toEqual(settings);
      }),
      { numRuns: 150 },
    );
  });

  test("without values the text stays as it is", () => {
    expect(writeKnobs(SCRIPT, findKnobs("a.ts", SCRIPT).knobs, {})).toBe(SCRIPT);
  });
});

/** The text with a hole for every literal. */
function blank(text: string, knobs: readonly { start: number; end: number }[]): string {
  const ends = [0, ...knobs.map(({ end }) => end)];
  return [...knobs.map(({ start }, index) => text.slice(ends[index], start)), text.slice(ends.at(-1))]
    .join("◌")
    .replaceAll("- ◌", "-◌");
}
