import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseProgram } from "../../src/program/parse.ts";
import { parsed, withLines } from "./samples.ts";

/** Line, a part of the cause, a part of the fix. Lines 2 to 4 are metric, measure and edit; 5 is the extra one. */
type Row = [name: string, source: string, line: number, cause: string, fix: string];
const extra = (line: string) => withLines({ extra: line });

const files: Row[] = [
  ["an empty file", "", 1, "The file is empty", "nightlab init"],
  ["an empty file with a byte order mark", "\uFEFF \n", 1, "The file is empty", "nightlab init"],
  ["a NUL byte", "# a\n\0", 2, "not text", "UTF-8"],
  ["an unclosed front matter", "---\nmetric: loss\n", 1, "never closed", "only `---`"],
  ["a JavaScript front matter", "---js\nprocess.exit(1)\n---\n", 1, "marked as `js`", "plain YAML"],
  ["a language after a blank", "--- toml\n---\n", 1, "marked as `toml`", "plain YAML"],
  ["a TOML fence", "+++\na = 1\n+++\n", 1, "TOML", "`---`"],
  ["blank lines above", "\n\n---\nmetric: loss\n---\n", 3, "first line", "Delete the blank lines"],
  ["a list", "---\n- a\n---\n", 2, "a list, not `key: value`", "one setting per line"],
  ["too many characters", "x\n".repeat(50_001), 1, "100002 characters", "short"],
  ["too many lines", "a\n".repeat(3001), 3001, "3002 lines", "short"],
  ["an endless line", `# a\n${"x".repeat(10_001)}`, 2, "10001 characters", "Break the line"],
  [
    "a huge front matter",
    `---\n${`a: ${"x".repeat(5000)}\n`.repeat(11)}---\n`,
    2,
    "at most 50000",
    "Move prose",
  ],
  ["quotes nested deeply", `# a\n${">".repeat(30)}`, 2, "nested more than 20", "`>`"],
];

const yaml: Row[] = [
  ["a tab", withLines({ edit: "edit:\n\t- a" }), 5, "indented with a tab", "spaces"],
  ["a repeated key", extra("checks: a\nchecks: b"), 6, "`checks` is written twice", "Keep one"],
  ["an unclosed bracket", withLines({ edit: "edit: [a" }), 4, "not closed", "`]`"],
  ["an unclosed quote", withLines({ measure: "measure: 'a" }), 3, "never closed", "same quote"],
  [
    "text after a quote",
    withLines({ measure: 'measure: "a b" && c' }),
    3,
    "after a closing quote",
    "single quotes",
  ],
  ["a colon in a value", withLines({ measure: "measure: echo a: b" }), 3, "holds `: `", "single quotes"],
  ["a backtick", withLines({ measure: "measure: `ls`" }), 3, "a backtick", "single quotes"],
  ["an unquoted glob", withLines({ edit: "edit: [*.ts]" }), 4, "`*.ts` begins with `*`", '"*.ts"'],
  ["a type", withLines({ measure: "measure: !!js/function x" }), 3, "begins with `!`", "quotes"],
  ["a bare word", extra("checks"), 5, "no `key: value`", "colon"],
  ["a document end", extra("...\nfoo: bar"), 6, "`...` ends", "Remove"],
  ["a list as key", extra("? [a]\n: b"), 5, "not plain text", "plain words"],
  ["deep nesting", extra(`a: ${"[".repeat(1000)}`), 5, "nested too deeply", "map"],
];

const keys: Row[] = [
  ["a typo", extra("bugdet: 5"), 5, "`bugdet` is not a known key", "`budget`"],
  [
    "a typo of a key one level down",
    extra("experimets: 5"),
    5,
    "not a known key",
    "budget: { experiments: 100 }",
  ],
  ["a typo in a map", extra("limits: { tiem: 5m }"), 5, "key in `limits`", "`time`"],
  ["a typo in a block", extra("limits:\n  time: 5m\n  memry: 1GB"), 7, "`memry`", "`memory`"],
  ["a word from elsewhere", extra("timeout: 5m"), 5, "`timeout`", "`limits.time`"],
  ["nothing like it", extra("quux: 1"), 5, "`quux`", "knows `metric`"],
  ["a prototype", extra("__proto__: { a: 1 }"), 5, "`__proto__`", "knows `metric`"],
  ["a constructor", extra("constructor: 1"), 5, "`constructor`", "knows `metric`"],
  ["no metric", withLines({ metric: "" }), 1, "No metric", "metric: {"],
  ["no command", withLines({ measure: "" }), 1, "No command", "measure: node"],
  ["no files", withLines({ edit: "" }), 1, "which files may be edited", "edit: [train.ts]"],
];

const values: Row[] = [
  ["an empty value", withLines({ metric: "metric:" }), 2, "`metric` is empty", "val_loss"],
  ["a metric with a blank", withLines({ metric: "metric: val loss" }), 2, "not a metric name", "`val_loss`"],
  [
    "an unknown direction",
    withLines({ metric: "metric: foo" }),
    2,
    "foo should go down or up",
    "goal: minimize",
  ],
  [
    "a wrong goal",
    withLines({ metric: "metric: { name: a, goal: low }" }),
    2,
    '"low"; it must be',
    "goal: minimize",
  ],
  ["a wrong flag", withLines({ metric: "metric: { name: loss, seeded: yes }" }), 2, '"yes"', "seeded: true"],
  ["a list as command", withLines({ measure: "measure: [a, b]" }), 3, "is a list", "node train.ts"],
  ["no edit", withLines({ edit: "edit: []" }), 4, "empty list", "edit: [train.ts]"],
  ["an absolute path", withLines({ edit: "edit: /etc/x" }), 4, "absolute", "relative"],
  ["a parent path", withLines({ edit: "edit:\n  - a\n  - ../b" }), 6, "leaves the repository", "relative"],
  ["a Windows path", withLines({ edit: "edit: a\\b" }), 4, "backslash", "`/`"],
  ["an exclusion", withLines({ edit: "edit: ['!a']" }), 4, "exclusions", "protect"],
  ["an own path protected", extra("protect: [./train.ts]"), 4, "cannot be both", "Take it out"],
  ["a covered path", extra("protect: ['*.ts']"), 4, "protected by `*.ts`", "Take it out"],
  ["the program itself", withLines({ edit: "edit: [program.md]" }), 4, "always protected", "Take it out"],
  ["a role", withLines({ edit: "edit: [roles/x.md]" }), 4, "always protected", "Take it out"],
  ["a list in a list", withLines({ edit: "edit: [a, [b]]" }), 4, "holds a list", "edit: [train.ts]"],
  ["time without unit", extra("limits: { time: 5 }"), 5, "5 has no unit", "`5m`"],
  ["memory without unit", extra("limits: { memory: 2000 }"), 5, "no unit", "`2000MB`"],
  ["words for time", extra("limits: { time: 5 minutes }"), 5, "not a duration", "`5m`"],
  ["words for memory", extra("limits: { memory: 2 gigs }"), 5, "not a size", "`2GB`"],
  ["a bad network", extra("limits:\n  network: yes"), 6, '"yes"', "network: none"],
  ["a short clock time", extra("budget: { until: 7:30 }"), 5, '"7:30"', '"07:30"'],
  ["no experiments", extra("budget: { experiments: 0 }"), 5, "is 0", "at least 1"],
  ["dollars", extra("budget: { usd: $12 }"), 5, '"$12"', "usd: 12"],
  ["a wrong risk", extra("risk: yolo"), 5, '"yolo"', "balanced"],
  ["too parallel", extra("parallel: 300"), 5, "is 300", "1 to 256"],
  ["an agent as word", extra("researchers: [claude]"), 5, '"claude" is not', "{ agent: claude }"],
  ["two kinds at once", extra("researchers: [{ command: a, model: b }]"), 5, "one or the other", "one of"],
  ["a mode unknown", extra("researchers: [{ agent: a, mode: tty }]"), 5, '"tty"', "`headless` or `acp`"],
  ["agent's arguments as text", extra("researchers: [{ agent: a, args: -x }]"), 5, '"-x"', "list"],
  ["agent's time without unit", extra("researchers: [{ agent: a, time: 20 }]"), 5, "20 has no unit", "`20m`"],
  ["agent's idle in words", extra("researchers: [{ agent: a, idle: long }]"), 5, "not a duration", "`5m`"],
  ["agent's keys elsewhere", extra("researchers: [{ model: a, mode: acp }]"), 5, "`mode`", "agent: claude"],
  [
    "an own agent without ACP",
    extra("researchers: [{ agent: a, command: b, mode: headless }]"),
    5,
    "speaks ACP",
    '{ command: "b" }',
  ],
  ["a nameless researcher", extra("researchers: [{ role: b }]"), 5, "names nothing", "agent"],
  [
    ...["a server without its protocol", extra("researchers: [{ model: m, base_url: localhost:8000 }]"), 5],
    ...['"localhost:8000" is not the address', "http://127.0.0.1:8000/v1"],
  ] as Row,
  [
    ...["a key instead of its name", extra("researchers: [{ model: openai/m, api_key_env: sk-123 }]"), 5],
    ...['"sk-123" is not the name', "never the key itself"],
  ] as Row,
  ["an effort", extra("researchers: [{ model: openai/m, effort: max }]"), 5, '"max"', "effort: high"],
  [
    "a temperature",
    extra("researchers: [{ model: openai/m, temperature: 3 }]"),
    5,
    "is 3",
    "temperature: 0.7",
  ],
  ["a wire", extra("researchers: [{ model: m, wire: grpc }]"), 5, '"grpc"', "wire: anthropic"],
  [
    ...["a wire alone", extra("researchers: [{ model: openai/m, wire: anthropic }]"), 5],
    ...["without `base_url`", "Add the `base_url`"],
  ] as Row,
  [
    ...["an effort of an agent", extra("researchers: [{ agent: a, effort: high }]"), 5],
    ...["`effort` belongs to a researcher with `model`", "Add the model"],
  ] as Row,
  ["a researcher's typo", extra("researchers:\n  - tuner\n  - agnet: b"), 7, "`agnet`", "`agent`"],
  [
    "shares over 1",
    extra("researchers: [{ agent: a, share: 0.7 }, { agent: b, share: 0.7 }]"),
    5,
    "1.4",
    "1 or less",
  ],
  ["a constraint without bound", extra("constraints: [memory]"), 5, "no bound", "memory <= 1.1x"],
  ["a strict sign", extra("constraints: [memory < 2GB]"), 5, "`<`", "memory <= 2GB"],
  ["a bound without unit", extra("constraints: [time <= 20]"), 5, "no unit", "time <= 20s"],
  ["a percentage", extra("constraints: [memory <= 110%]"), 5, "percentage", "1.1x"],
  ["bytes of kilobytes", extra("constraints: [size_kb <= 2GB]"), 5, "plain number", "size_kb <= 120"],
  [
    "held-out files alone",
    extra("holdout_files: [data/x.bin]"),
    5,
    "no command that reads them",
    "holdout: node",
  ],
  [
    "held-out files that are linked",
    extra("artifact: m.json\nholdout: node e.ts\nlink: [data/]\nholdout_files: [a, data/x.bin]"),
    8,
    "shows it to every candidate",
    "Take it out",
  ],
  ["a descriptor that is taken", extra("result_fd: 1"), 5, "is 1", "result_fd: 3"],
  ["a descriptor in words", extra("result_fd: yes"), 5, '"yes"', "result_fd: 3"],
  [
    "two ways for a result",
    extra("result_fd: 3\nresult_file: r.json"),
    6,
    "a result comes one way",
    "Keep `result_fd: 3`",
  ],
  ["evaluate alone", extra("evaluate: node e.ts"), 5, "not which file", "artifact"],
  ["holdout alone", extra("holdout: node e.ts"), 5, "not which file", "artifact"],
  ["a bad variable", extra("env:\n  1A: x"), 6, "`1A` cannot", "OMP_NUM_THREADS"],
  ["our variable", extra("env: { NIGHTLAB_SEED: 1 }"), 5, "set by nightlab", "another name"],
];

describe.each([
  ["files", files],
  ["YAML", yaml],
  ["keys", keys],
  ["values", values],
])("bad %s", (_, rows) => {
  test.each(rows)("%s", (_name, source, line, cause, fix) => {
    const { program, problems } = parseProgram(source, "program.md");
    expect(program).toBeUndefined();
    const first = problems[0];
    expect(first?.line).toBe(line);
    expect(`${first?.cause} ${first?.fix}`).toContain(cause);
    expect(`${first?.cause} ${first?.fix}`).toContain(fix);
  });
});

test("every error is listed, in the order of the lines", () => {
  const { problems } = parseProgram(extra("risk: yolo\nparallel: 0\nquux: 1"), "program.md");
  expect(problems.map(({ line }) => line)).toEqual([5, 6, 7]);
});

test("an alias bomb is refused before it grows", () => {
  const lines = [
    "a: &a [x, x]",
    ..."bcdefghijklmnop".split("").map((c, i) => `${c}: &${c} [${`*${"abcdefghijklmnop"[i]}, `.repeat(9)}x]`),
  ];
  const { problems } = parseProgram(extra(lines.join("\n")), "program.md");
  expect(problems[0]).toMatchObject({ line: 6, cause: expect.stringContaining("reference") });
  expect(problems.length).toBeLessThan(10);
});

test("messages are sentences with both parts", () => {
  for (const [, source] of [...files, ...yaml, ...keys, ...values]) {
    for (const { cause, fix } of parseProgram(source, "program.md").problems) {
      expect(cause).toMatch(/^["`A-Z].*\.$/s);
      expect(fix).toMatch(/^[A-Z].*[.?]$/s);
      expect(`${cause} ${fix}`).not.toMatch(/undefined|\[object|null|NaN/);
    }
  }
});

test("any text gives a program or problems, and never throws", () => {
  const piece = fc.constantFrom(
    ..."---|\n|metric: |loss|edit: |[|]|{|}|*|&a|!|\"|'|\t|- [ ] |# Ideas|(expect|`|:|\r\n|\uFEFF|1e999|~|..|>|\\".split(
      "|",
    ),
  );
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.array(piece, { maxLength: 40 }).map((p) => p.join("")),
  );
  fc.assert(
    fc.property(text, fc.boolean(), (garbage, fenced) => {
      const { program, problems } = parseProgram(fenced ? `---\n${garbage}\n---\n` : garbage, "program.md");
      expect(program === undefined).toBe(problems.some(({ severity }) => severity === "error"));
    }),
    { numRuns: 200 },
  );
});

test("the longest file that is accepted is read in a moment", () => {
  const source = `${withLines({})}## Ideas\n${"- [ ] an idea of some length (expect -0.01, 5 %)\n".repeat(600)}`;
  expect(parsed(source).ideas).toHaveLength(600);
});
