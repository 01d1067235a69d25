import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/core/errors.ts";
import { addIdea, tickIdea } from "../../src/program/edit.ts";
import { setKey } from "../../src/program/set-key.ts";
import { full, parsed } from "./samples.ts";

const crlf = (text: string) => text.replaceAll("\n", "\r\n");

describe("ticking an idea", () => {
  test("changes one character", () => {
    const ticked = tickIdea(full, 25);
    expect(ticked).toBe(full.replace("- [ ] RMSNorm", "- [x] RMSNorm"));
    expect(tickIdea(ticked, 25)).toBe(ticked);
  });

  test("a line without an idea is refused with its number", () => {
    expect(() => tickIdea(full, 3)).toThrow(UsageError);
    expect(() => tickIdea(full, 3)).toThrow("no idea on line 3");
  });
});

describe("adding an idea", () => {
  test("goes after the last idea, with the same bullet", () => {
    expect(addIdea("# Ideas\n\n* [ ] a\n  more\n\n# Next\n", "b")).toBe(
      "# Ideas\n\n* [ ] a\n  more\n* [ ] b\n\n# Next\n",
    );
  });

  test.each([
    ["# A\n", "# A\n\n## Ideas\n\n- [ ] b\n"],
    ["# A", "# A\n\n## Ideas\n\n- [ ] b"],
    ["# A\r\n\r\n", "# A\r\n\r\n## Ideas\r\n\r\n- [ ] b\r\n"],
    ["", "## Ideas\n\n- [ ] b\n"],
    ["## Ideas\n\nTo try.\n\n## Z\n", "## Ideas\n\nTo try.\n\n- [ ] b\n\n## Z\n"],
    ["## Ideas", "## Ideas\n\n- [ ] b"],
  ])("%j becomes %j", (source, expected) => {
    expect(addIdea(source, "b")).toBe(expected);
  });

  test("any line can be added anywhere and is read back; every other byte stays", () => {
    const idea = fc
      .string({ minLength: 1, maxLength: 30 })
      .filter((text) => /[a-z]/i.test(text.replace(/\(\s*expect.*/i, "")));
    const source = fc.constantFrom(
      full,
      crlf(full),
      full.trimEnd(),
      full.replace(/## Ideas.*/s, ""),
      `\uFEFF${full}`,
    );
    fc.assert(
      fc.property(source, idea, (before, text) => {
        const after = addIdea(before, text);
        let same = 0;
        while (same < before.length && before[same] === after[same]) same++;
        expect(after.endsWith(before.slice(same))).toBe(true);
        expect(after.length).toBeGreaterThan(before.length);
        expect(parsed(after).ideas).toHaveLength(parsed(before).ideas.length + 1);
        expect(/(^|[^\r])\n/.test(after)).toBe(/(^|[^\r])\n/.test(before));
      }),
      { numRuns: 40 },
    );
  });

  test("an empty idea is refused", () => {
    expect(() => addIdea(full, " \n ")).toThrow(UsageError);
  });
});

describe("setting a key", () => {
  test.each([
    ["a value in a flow map", ["budget", "experiments"], 50, "{ experiments: 100", "{ experiments: 50"],
    ["a command before a comment", ["measure"], "node fast.ts", "node train.ts   ", "node fast.ts   "],
    ["a list", ["edit"], ["a.ts", "b, c.ts"], "[train.ts]", '[a.ts, "b, c.ts"]'],
    [
      "a new key in a flow map",
      ["limits", "output"],
      "1MB",
      "network: none }",
      "network: none, output: 1MB }",
    ],
    ["a clock time", ["budget", "until"], "06:00", '"07:30"', '"06:00"'],
    ["a new key", ["risk"], "bold", "share: 0.3 }]\n", "share: 0.3 }]\nrisk: bold\n"],
  ] as const)("%s changes those bytes alone", (_, path, value, before, after) => {
    expect(full).toContain(before);
    expect(setKey(full, path, value)).toBe(full.replace(before, after));
    expect(setKey(crlf(full), path, value)).toBe(crlf(full.replace(before, after)));
  });

  test.each([
    [
      "---\nbudget:\n  usd: 1 # one\n  # two\nedit: a\n---\n",
      ["budget", "tokens"],
      5,
      "---\nbudget:\n  usd: 1 # one\n  tokens: 5\n  # two\nedit: a\n---\n",
    ],
    [
      "---\nedit: # e\n- a\n- b\n\nrisk: bold\n---\n",
      ["edit"],
      ["c"],
      "---\nedit: # e\n  [c]\n\nrisk: bold\n---\n",
    ],
    ["---\nbudget: {}\n---\n", ["budget", "usd"], 5, "---\nbudget: { usd: 5 }\n---\n"],
    ["---\nchecks: # none\n---\n", ["checks"], "a", "---\nchecks: a # none\n---\n"],
    ["---\nmeasure: |\n  a\n  b\nedit: c\n---\n", ["measure"], "d", "---\nmeasure: d\nedit: c\n---\n"],
    [
      "---\nmetric: loss # l\n---\n",
      ["metric", "goal"],
      "minimize",
      "---\nmetric: { name: loss, goal: minimize } # l\n---\n",
    ],
    [
      "---\n# only a comment\n---\nx",
      ["budget", "usd"],
      1,
      "---\n# only a comment\nbudget: { usd: 1 }\n---\nx",
    ],
    ["---\n---\n", ["parallel"], 2, "---\nparallel: 2\n---\n"],
    ["# A\r\n", ["parallel"], 2, "---\r\nparallel: 2\r\n---\r\n# A\r\n"],
    [
      "---\nlimits: {\n  time: 5m,\n}\n---\n",
      ["limits", "memory"],
      "1GB",
      "---\nlimits: {\n  time: 5m, memory: 1GB,\n}\n---\n",
    ],
  ] as const)("%j", (source, path, value, expected) => {
    expect(setKey(source, path, value)).toBe(expected);
  });

  test("any command is written so that it is read back, and the Markdown stays", () => {
    const value = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => text.trim() !== "");
    fc.assert(
      fc.property(value, fc.boolean(), (command, windows) => {
        const source = windows ? crlf(full) : full;
        const edited = setKey(source, ["measure"], command);
        expect(parsed(edited).measure).toBe(command.trim());
        expect(edited.slice(edited.indexOf("# Mission"))).toBe(source.slice(source.indexOf("# Mission")));
        expect(setKey(edited, ["measure"], "node train.ts")).toBe(source);
      }),
      { numRuns: 50 },
    );
  });

  test("a broken front matter is refused, not guessed at", () => {
    expect(() => setKey("---\nedit: [a\n---\n", ["risk"], "bold")).toThrow(UsageError);
    expect(() => setKey("---js\n---\n", ["risk"], "bold")).toThrow(UsageError);
  });
});
