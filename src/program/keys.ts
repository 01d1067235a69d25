/** Every key of the front matter with what it must be and an example: the one source of messages and of suggestions. */

import { nearest } from "./suggest.ts";

export interface KeyHelp {
  /** Completes "`parallel` must be …". */
  readonly expects: string;
  /** A line that works. */
  readonly example: string;
}

const globs = (key: string, example: string): KeyHelp => ({
  expects: "a list of paths",
  example: `${key}: [${example}]`,
});
const command = (key: string, example: string): KeyHelp => ({
  expects: "a command as text",
  example: `${key}: ${example}`,
});
const amount = (key: string, example: string): KeyHelp => ({
  expects: "a whole number of at least 1",
  example: `budget: { ${key}: ${example} }`,
});

/** Dotted path without list positions, in the order they are best written. */
export const KEYS: Readonly<Record<string, KeyHelp>> = {
  metric: {
    expects: "a name, or a map with `name` and `goal`",
    example: "metric: { name: val_loss, goal: minimize }",
  },
  "metric.name": {
    expects: "a name such as val_loss",
    example: "metric: { name: val_loss, goal: minimize }",
  },
  "metric.goal": { expects: "`minimize` or `maximize`", example: "goal: minimize" },
  "metric.unit": { expects: "a short text", example: "unit: s" },
  "metric.min_effect": { expects: "a number above 0", example: "min_effect: 0.002" },
  "metric.seeded": { expects: "`true` or `false`", example: "seeded: true" },
  "metric.timing": { expects: "`true` or `false`", example: "timing: true" },
  constraints: { expects: "a list of bounds", example: 'constraints: ["memory <= 1.1x"]' },
  setup: command("setup", "npm ci"),
  measure: command("measure", "node train.ts"),
  result_file: { expects: "one path of a JSON file", example: "result_file: result.json" },
  result_fd: { expects: "3, the descriptor that the metric command writes to", example: "result_fd: 3" },
  artifact: globs("artifact", "model.json"),
  evaluate: command("evaluate", "node evaluate.ts"),
  holdout: command("holdout", "node evaluate.ts --holdout"),
  holdout_files: globs("holdout_files", "data/hidden.bin"),
  checks: command("checks", "npm test"),
  edit: globs("edit", "train.ts"),
  protect: globs("protect", "data.ts"),
  link: globs("link", "data"),
  copy: globs("copy", "cache"),
  env: { expects: "a map of names to texts", example: 'env: { OMP_NUM_THREADS: "1" }' },
  pass_env: {
    expects: "a list of names of environment variables",
    example: "pass_env: [CUDA_VISIBLE_DEVICES]",
  },
  limits: { expects: "a map of keys", example: "limits: { time: 10m, memory: 2GB }" },
  "limits.time": { expects: "a duration with its unit", example: "limits: { time: 10m }" },
  "limits.memory": { expects: "a size with its unit", example: "limits: { memory: 2GB }" },
  "limits.network": { expects: "`none` or `host`", example: "limits: { network: none }" },
  "limits.output": { expects: "a size with its unit", example: "limits: { output: 50MB }" },
  sandbox: { expects: "`auto`, `process` or `bubblewrap`", example: "sandbox: auto" },
  budget: { expects: "a map of keys", example: 'budget: { experiments: 100, until: "07:30" }' },
  "budget.experiments": amount("experiments", "100"),
  "budget.measurements": amount("measurements", "300"),
  "budget.time": { expects: "a duration with its unit", example: "budget: { time: 8h }" },
  "budget.until": { expects: "a time of day, HH:MM", example: 'budget: { until: "07:30" }' },
  "budget.usd": { expects: "a number of dollars, 0 or more", example: "budget: { usd: 12 }" },
  "budget.tokens": amount("tokens", "2000000"),
  "budget.plateau": amount("plateau", "30"),
  risk: { expects: "`strict`, `cautious`, `balanced` or `bold`", example: "risk: balanced" },
  parallel: { expects: "a whole number from 1 to 256", example: "parallel: 2" },
  prices: {
    expects: "a map of models to dollars per million tokens",
    example: 'prices: { "my-model": { input: 0.5, output: 2 } }',
  },
  researchers: {
    expects: "a list of researchers",
    example: "researchers: [tuner, { agent: claude, role: architect }]",
  },
  "researchers.command": { expects: "a command as text", example: '{ command: "node propose.js" }' },
  "researchers.agent": { expects: "the name of an agent", example: "{ agent: claude }" },
  "researchers.model": { expects: "the name of a model", example: "{ model: openai/gpt-5 }" },
  "researchers.base_url": {
    expects: "the address of a server",
    example: "{ model: qwen3-coder, base_url: http://127.0.0.1:8000/v1 }",
  },
  "researchers.wire": {
    expects: "`openai_chat`, `openai_responses` or `anthropic`",
    example: "{ model: m, base_url: http://127.0.0.1:8000, wire: anthropic }",
  },
  "researchers.api_key_env": {
    expects: "the name of an environment variable",
    example: "{ model: openai/gpt-5, api_key_env: WORK_OPENAI_KEY }",
  },
  "researchers.effort": {
    expects: "`low`, `medium` or `high`",
    example: "{ model: openai/gpt-5, effort: high }",
  },
  "researchers.temperature": {
    expects: "a number from 0 to 2",
    example: "{ model: deepseek/deepseek-chat, temperature: 0.7 }",
  },
  "researchers.mode": { expects: "`headless` or `acp`", example: "{ agent: codex, mode: acp }" },
  "researchers.args": {
    expects: "a list of arguments",
    example: '{ agent: codex, args: ["-c", "model_reasoning_effort=high"] }',
  },
  "researchers.time": { expects: "a duration with its unit", example: "{ agent: claude, time: 20m }" },
  "researchers.idle": { expects: "a duration with its unit", example: "{ agent: claude, idle: 5m }" },
  "researchers.role": { expects: "the name of a role", example: "{ agent: claude, role: architect }" },
  "researchers.share": { expects: "a number above 0 and up to 1", example: "{ agent: claude, share: 0.3 }" },
};

/** Words people bring from elsewhere. */
const SYNONYMS: Readonly<Record<string, string>> = {
  command: "measure",
  cmd: "measure",
  run: "measure",
  files: "edit",
  editable: "edit",
  readonly: "protect",
  read_only: "protect",
  timeout: "limits.time",
  direction: "metric.goal",
  objective: "metric.goal",
  test: "checks",
  tests: "checks",
  install: "setup",
  workers: "parallel",
  agents: "researchers",
  environment: "env",
  deadline: "budget.until",
  dollars: "budget.usd",
  cost: "budget.usd",
  iterations: "budget.experiments",
  max_experiments: "budget.experiments",
};

/** What to do about an unknown `key` inside `parent` ("" is the top): a near name here, then the same name elsewhere. */
export function fixUnknownKey(key: string, parent: string): string {
  const here = childrenOf(parent);
  const near = nearest(key, here);
  if (near) return `Did you mean \`${near}\`?`;
  const elsewhere = pathElsewhere(key.toLowerCase().replaceAll("-", "_"));
  if (elsewhere) return `Did you mean \`${elsewhere}\`? Write \`${KEYS[elsewhere]?.example}\`.`;
  const place = parent ? `\`${parent}\`` : "the front matter";
  return `Remove it; ${place} knows ${here.map((name) => `\`${name}\``).join(", ")}.`;
}

function pathElsewhere(word: string): string | undefined {
  if (Object.hasOwn(SYNONYMS, word)) return SYNONYMS[word];
  const leaves = Object.keys(KEYS).map((path) => ({ path, leaf: path.slice(path.lastIndexOf(".") + 1) }));
  const near = nearest(
    word,
    leaves.map(({ leaf }) => leaf),
  );
  return leaves.find(({ leaf }) => leaf === near)?.path;
}

function childrenOf(parent: string): string[] {
  const prefix = parent ? `${parent}.` : "";
  return Object.keys(KEYS)
    .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes("."))
    .map((path) => path.slice(prefix.length));
}
