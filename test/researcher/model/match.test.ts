import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { replaceOnce } from "../../../src/researcher/model/match.ts";

const FILE = `function train() {
  const rate = 0.1;
  for (let step = 0; step < 100; step += 1) {
    update(rate, step);
  }
  return loss();
}
`;

const textOf = (search: string, replace: string, file = FILE) => {
  const made = replaceOnce(file, search, replace);
  return "text" in made ? made.text : `PROBLEM ${made.problem}`;
};

describe("replacing what a model meant", () => {
  it("takes an exact match, within a line too", () => {
    expect(textOf("0.1", "0.2")).toBe(FILE.replace("0.1", "0.2"));
  });

  it("takes no guess between two places", () => {
    expect(textOf("step", "s")).toMatch(/^PROBLEM its `search` is found at lines 3, 3, 3, 4; add lines/);
    expect(textOf("  x\n", "y", "x\nx\n")).toMatch(/^PROBLEM .*lines 1, 2; add lines/);
  });

  it.each([
    [
      "white space at the ends of lines",
      "const rate = 0.1;  \n  for (let step = 0; step < 100; step += 1) {\t\n",
    ],
    ["no indentation", "const rate = 0.1;\nfor (let step = 0; step < 100; step += 1) {"],
    ["deeper indentation", "      const rate = 0.1;\n      for (let step = 0; step < 100; step += 1) {"],
    ["empty lines around", "\n\nconst rate = 0.1;\nfor (let step = 0; step < 100; step += 1) {\n\n"],
    ["a slip in a word", "  const rates = 0.1;\n  for (let step = 0; step < 100; step += 1) {"],
  ])("tolerates %s", (_, search) => {
    const indent = /^\n*([ \t]*)const/.exec(search)?.[1] ?? "";
    const made = textOf(search, `${indent}const rate = 0.3;\n${indent}for (const step of steps) {`);
    expect(made.split("\n").slice(0, 4)).toEqual([
      "function train() {",
      "  const rate = 0.3;",
      "  for (const step of steps) {",
      "    update(rate, step);",
    ]);
  });

  it("shows the nearest lines where nothing is like it", () => {
    expect(textOf("  update(rate * 2, step, momentum);", "x")).toContain("from line 1:\nfunction train() {");
    expect(textOf("quite another thing\nthat is not here", "x")).toMatch(
      /^PROBLEM its `search` is not in the file/,
    );
  });

  it("does not take one of two places that are equally alike", () => {
    const twins = "alpha beta gamma delta 1\nsame line\nother\nalpha beta gamma delta 2\nsame line\n";
    expect(textOf("alpha beta gamma delta 3\nsame line", "x", twins)).toMatch(/^PROBLEM/);
  });

  it("keeps the line ends of the file", () => {
    const crlf = FILE.replaceAll("\n", "\r\n");
    expect(textOf("const rate = 0.1;\n", "const rate = 0.2;\n", crlf)).toBe(crlf.replace("0.1", "0.2"));
  });

  it("refuses an empty search", () => {
    expect(textOf(" \n", "x")).toMatch(/^PROBLEM its `search` is empty/);
  });

  it("changes nothing outside the place, whatever the file", () => {
    const line = fc.string({ maxLength: 12 }).filter((one) => !/[\r\n]/.test(one));
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 8 }),
        fc.array(line, { maxLength: 8 }),
        line,
        (before, after, put) => {
          const unique = "the one place that is meant";
          const file = [...before, unique, ...after].join("\n");
          expect(textOf(unique, put, file)).toBe([...before, put, ...after].join("\n"));
        },
      ),
    );
  });

  it("is total: some text or a problem, for any three texts", () => {
    const any = fc.string({ unit: fc.constantFrom("a", "b", " ", "\t", "\n", "\r\n", "ü"), maxLength: 60 });
    fc.assert(
      fc.property(any, any, any, (file, search, replace) => {
        const made = replaceOnce(file, search, replace);
        expect("text" in made || made.problem.length > 0).toBe(true);
      }),
    );
  });
});
