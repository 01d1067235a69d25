import { describe, expect, test } from "vitest";
import { parseProgram } from "../../src/program/parse.ts";
import { full, parsed } from "./samples.ts";

describe("a complete program", () => {
  test("gives every setting in the units of its name", () => {
    const program = parsed(full);
    expect(program.metric).toEqual({
      name: "val_bpb",
      goal: "minimize",
      minEffect: 0.002,
      seeded: true,
      timing: false,
    });
    expect(program.limits).toEqual({
      timeMs: 20_000,
      memoryBytes: 2 * 1024 ** 3,
      network: "none",
      outputBytes: 50 * 1024 ** 2,
    });
    expect(program.budget).toEqual({ experiments: 100, until: "07:30", usd: 12, timeMs: 5_400_000 });
    expect(program.constraints.map(({ metric, bound }) => [metric, bound])).toEqual([
      ["peak_memory_bytes", { kind: "relative", factor: 1.1 }],
      ["peak_memory_bytes", { kind: "absolute", value: 2 * 1024 ** 3 }],
      ["size_kb", { kind: "absolute", value: 120 }],
      ["wall_seconds", { kind: "absolute", value: 90 }],
    ]);
    expect(program.researchers).toEqual([
      { kind: "tuner" },
      { kind: "agent", agent: "claude", role: "architect" },
      { kind: "model", model: "openai/gpt-5", share: 0.3 },
    ]);
    expect(program.env).toEqual({ OMP_NUM_THREADS: "1" });
    expect(program.measure).toBe("node train.ts");
    expect(program.artifact).toEqual(["model.json"]);
    expect(program.inferred).toEqual([]);
  });

  test("always protects itself, its roles and git's own files", () => {
    expect(parsed(full).protect).toEqual(
      expect.arrayContaining(["data.ts", "program.md", "roles/**", "**/.gitattributes", "**/.gitignore"]),
    );
  });

  test("keeps sections with the lines of the file, roles and ideas", () => {
    const program = parsed(full);
    expect(program.sections.map(({ title, line }) => [title, line])).toEqual([
      ["Mission", 16],
      ["Roles", 18],
      ["architect", 19],
      ["Habits", 22],
      ["Ideas", 24],
    ]);
    expect(program.roles).toEqual([
      { name: "architect", text: "You build.\n\n#### Habits\nSmall steps.", path: "program.md" },
    ]);
    expect(program.ideas).toEqual([
      {
        line: 25,
        text: "RMSNorm before attention",
        done: false,
        forecast: { change: -0.01, probability: 0.6 },
      },
      { line: 26, text: "Tied embeddings", done: true, patch: "ideas/tie.patch" },
      { line: 27, text: "A longer idea over two lines", done: false },
    ]);
  });

  test.each([
    ["a byte order mark", (text: string) => `\uFEFF${text}`],
    ["CRLF line ends", (text: string) => text.replaceAll("\n", "\r\n")],
    ["both", (text: string) => `\uFEFF${text.replaceAll("\n", "\r\n")}`],
    ["blanks after the fences", (text: string) => text.replaceAll("---\n", "---  \n")],
    ["no final line break", (text: string) => text.trimEnd()],
  ])("reads the same with %s", (_, change) => {
    const { source: _source, ...changed } = parsed(change(full));
    const { source: _plain, ...plain } = parsed(full);
    expect(JSON.parse(JSON.stringify(changed).replaceAll("\\r\\n", "\\n"))).toEqual(plain);
  });
});

describe("what is inferred is told", () => {
  const minimal = (lines: string) => `---\nmeasure: node a.js\nedit: a.js\n${lines}\n---\n`;

  test("a known name gives the goal", () => {
    const program = parsed(minimal("metric: test_accuracy"));
    expect(program.metric.goal).toBe("maximize");
    expect(program.inferred).toContain("metric.goal is maximize, inferred from the name test_accuracy.");
  });

  test("a duration is timed alone, and a command with {seed} is seeded", () => {
    const program = parsed("---\nmetric: wall_seconds\nmeasure: node a.js {seed}\nedit: a.js\n---\n");
    expect(program.metric).toMatchObject({ goal: "minimize", seeded: true, timing: true });
    expect(program.inferred.join(" ")).toMatch(/seeded is true.*timing is true/);
  });

  test("what is written is not overruled", () => {
    const program = parsed(minimal("metric: { name: loss, goal: maximize, unit: s, timing: false }"));
    expect(program.metric).toMatchObject({ goal: "maximize", timing: false });
  });

  test("defaults hold where nothing is written", () => {
    const program = parsed(minimal("metric: loss"));
    expect(program).toMatchObject({ parallel: 1, risk: "balanced", sandbox: "auto", budget: {} });
    expect(program.limits).toEqual({ timeMs: 600_000, network: "none", outputBytes: 52_428_800 });
    expect(program.researchers).toEqual([{ kind: "tuner" }]);
  });

  test("ideas with patches are tried first when no researchers are named", () => {
    const program = parsed(`${minimal("metric: loss")}\n## Ideas\n- [ ] norm [patch](x.patch)\n`);
    expect(program.researchers).toEqual([{ kind: "ideas" }, { kind: "tuner" }]);
  });
});

describe("files beside it", () => {
  const source =
    "---\nmetric: loss\nmeasure: m\nedit: a.js\nresearchers: [{ agent: claude, role: critic }]\n---\n";

  test("a role named by a researcher is read from roles/", () => {
    const files: Record<string, string> = { "roles/critic.md": "Doubt.\n" };
    const { program } = parseProgram(source, "program.md", (path) => files[path]);
    expect(program?.roles).toEqual([{ name: "critic", text: "Doubt.", path: "roles/critic.md" }]);
  });

  test("engineer, theorist, reviewer and librarian need not be written, and are as they are where they are", () => {
    const using = (role: string) => source.replaceAll("critic", role);
    const read = parseProgram(using("Reviewer"), "program.md", () => undefined);
    expect(read.problems).toEqual([]);
    expect(read.program?.roles.at(-1)).toMatchObject({ name: "reviewer", path: "nightlab" });
    const own = parseProgram(using("reviewer"), "program.md", (path) =>
      path === "roles/reviewer.md" ? "Mine." : undefined,
    );
    expect(own.program?.roles.filter(({ name }) => name === "reviewer")).toMatchObject([{ text: "Mine." }]);
  });

  test("a role that is nowhere is an error at its line, with both ways to write it", () => {
    const { problems } = parseProgram(source, "program.md", () => undefined);
    expect(problems).toMatchObject([{ line: 5, cause: "The role `critic` is not written anywhere." }]);
    expect(problems[0]?.fix).toContain("roles/critic.md");
  });

  test("a missing patch is a warning, and the program still stands", () => {
    const text = "---\nmetric: loss\nmeasure: m\nedit: a.js\n---\n# Ideas\n- [ ] norm [patch](no.patch)\n";
    const { program, problems } = parseProgram(text, "program.md", () => undefined);
    expect(problems).toMatchObject([
      { line: 7, severity: "warning", cause: "The patch no.patch is not there." },
    ]);
    expect(program?.ideas).toHaveLength(1);
  });
});

test.each([
  ["(expect better)", 1],
  ["(expect -2 %, 60 %)", 1],
  ["(expect -0.01, 160 %)", 1],
  ["(expect −0.01, 60%)", 0],
  ["(expect +.5e-3, 5 %)", 0],
])("the forecast %s gives %i warnings", (forecast, count) => {
  const { program, problems } = parseProgram(
    `---\nmetric: loss\nmeasure: m\nedit: a.js\n---\n## Ideas\n- [ ] x ${forecast}\n`,
    "program.md",
  );
  expect(problems).toHaveLength(count);
  expect(program?.ideas[0]?.text).toBe("x");
  expect(program?.ideas[0]?.forecast === undefined).toBe(count === 1);
});
