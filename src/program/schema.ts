/** The shape of the front matter (zod): from YAML values to settings with units resolved. Knows no lines and no defaults. */

import { z } from "zod";
import type { Constraint } from "../core/metric.ts";
import type { AgentSettings, ResearcherSpec } from "../core/program.ts";
import { parseConstraint } from "./constraint.ts";
import { refusePath } from "./glob.ts";
import { parseDuration, parseSize } from "./units.ts";

/** A custom issue: zod carries the message, `params` the fix. */
type Context = z.core.$RefinementCtx;
function refuse(ctx: Context, refusal: { cause: string; fix: string }): never {
  ctx.addIssue({ code: "custom", message: refusal.cause, params: { fix: refusal.fix } });
  return z.NEVER;
}

const text = z.string().trim().min(1);
const whole = z.number().int().min(1);
const flag = z.boolean();

const paths = z
  .union([text, z.array(text)], { error: "wrong" })
  .transform((value) => (typeof value === "string" ? [value] : value))
  .superRefine((list, ctx) => {
    list.forEach((path, index) => {
      const refusal = refusePath(path);
      if (!refusal) return;
      ctx.addIssue({ code: "custom", message: refusal.cause, params: { fix: refusal.fix }, path: [index] });
    });
  });

const path = text.superRefine((value, ctx) => {
  const refusal = refusePath(value);
  if (refusal) refuse(ctx, refusal);
});

/** Text with a unit; a bare number is refused with its likely spellings. */
function withUnit(parse: (text: string) => number | undefined, kind: string, hints: (n: number) => string) {
  return z.unknown().transform((value, ctx): number => {
    if (typeof value === "number") {
      return refuse(ctx, { cause: `The number ${value} has no unit.`, fix: hints(value) });
    }
    const written = pass(text, value, ctx);
    if (typeof value !== "string") return z.NEVER;
    const amount = parse(written);
    if (amount !== undefined) return amount;
    const words =
      kind === "duration"
        ? "Write numbers with ms, s, m, h or d, largest first: `20s`, `5m`, `8h` or `1h30m`."
        : "Write a number with KB, MB or GB: `64KB`, `512MB` or `2GB`.";
    return refuse(ctx, { cause: `"${value}" is not a ${kind}.`, fix: words });
  });
}

const duration = withUnit(
  parseDuration,
  "duration",
  (n) => `Write \`${n}s\`, \`${n}m\` or \`${n}h\` for seconds, minutes or hours.`,
);
const size = withUnit(parseSize, "size", (n) => `Write \`${n}MB\` or \`${n}GB\`.`);

const metricName = text.superRefine((name, ctx) => {
  if (/^[A-Za-z_][\w.-]*$/.test(name)) return;
  const wish = name.replace(/[^\w.-]+/g, "_").replace(/^[^A-Za-z_]+/, "");
  refuse(ctx, {
    cause: `"${name}" is not a metric name: letters, digits, \`_\`, \`.\` and \`-\`, beginning with a letter.`,
    fix: `Write the name as the command prints it, such as \`${wish || "val_loss"}\`.`,
  });
});

const metricMap = z.strictObject({
  name: metricName,
  goal: z.enum(["minimize", "maximize"]).optional(),
  unit: text.optional(),
  min_effect: z.number().positive().optional(),
  seeded: flag.optional(),
  timing: flag.optional(),
});

const metric = z.unknown().transform((value, ctx): z.infer<typeof metricMap> => {
  if (typeof value !== "string") return pass(metricMap, value, ctx);
  return { name: pass(metricName, value, ctx) };
});

const constraints = z
  .union([text, z.array(text)], { error: "wrong" })
  .transform((value) => (typeof value === "string" ? [value] : value))
  .transform((list, ctx) =>
    list.flatMap((line, index): Constraint[] => {
      const read = parseConstraint(line);
      if (!("cause" in read)) return [read];
      ctx.addIssue({ code: "custom", message: read.cause, params: { fix: read.fix }, path: [index] });
      return [];
    }),
  );

const baseUrl = text.transform((value, ctx): string => {
  const url = URL.parse(value);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.search === "")
    return value;
  const cause = `"${value}" is not the address of a server.`;
  return refuse(ctx, { cause, fix: "Write it as a client takes it, such as `http://127.0.0.1:8000/v1`." });
});

const environmentName = text.transform((name, ctx): string => {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  const cause = `"${name}" is not the name of an environment variable.`;
  return refuse(ctx, { cause, fix: "Write the name, such as `OPENAI_API_KEY`, never the key itself." });
});

/** Keys that only a model has. */
const modelMap = {
  base_url: baseUrl.optional(),
  wire: z.enum(["openai_chat", "openai_responses", "anthropic"]).optional(),
  api_key_env: environmentName.optional(),
  effort: z.enum(["low", "medium", "high"]).optional(),
  temperature: z.number().min(0).max(2).optional(),
};

const researcherMap = z.strictObject({
  command: text.optional(),
  agent: text.optional(),
  model: text.optional(),
  ...modelMap,
  mode: z.enum(["headless", "acp"]).optional(),
  args: z.array(text, { error: "wrong" }).optional(),
  time: duration.optional(),
  idle: duration.optional(),
  role: text.optional(),
  share: z.number().positive().max(1).optional(),
});

const researcher = z.unknown().transform((value, ctx): ResearcherSpec => {
  if (value === "tuner" || value === "ideas") return { kind: value };
  if (typeof value === "string") {
    const cause = `"${value}" is not a researcher of its own; only \`tuner\` and \`ideas\` are.`;
    const fix = `Write \`{ agent: ${value} }\`, \`{ model: ${value} }\` or \`{ command: "${value}" }\`.`;
    return refuse(ctx, { cause, fix: value.includes("/") ? `Write \`{ model: ${value} }\`.` : fix });
  }
  const map = pass(researcherMap, value, ctx);
  if (ctx.issues.length > 0) return z.NEVER;
  const { command, agent, model, role, share } = map;
  const common = { ...(role !== undefined && { role }), ...(share !== undefined && { share }) };
  const modelOnly = Object.keys(modelMap).find((key) => key in map);
  if (modelOnly !== undefined && (model === undefined || agent !== undefined)) {
    const cause = `\`${modelOnly}\` belongs to a researcher with \`model\`.`;
    return refuse(ctx, { cause, fix: "Add the model, such as `model: openai/gpt-5`, or remove the key." });
  }
  if (agent !== undefined) return { kind: "agent", agent, ...agentSettings(map, ctx), ...common };
  const stray = AGENT_KEYS.find((key) => map[key] !== undefined);
  if (stray !== undefined) {
    const cause = `\`${stray}\` is a setting of agents, and this researcher is none.`;
    return refuse(ctx, { cause, fix: "Take it out, or name an agent: `{ agent: claude }`." });
  }
  const named: ResearcherSpec[] = [];
  if (command !== undefined) named.push({ kind: "command", command, ...common });
  if (model !== undefined) named.push({ kind: "model", model, ...modelSettings(map), ...common });
  if (map.wire !== undefined && map.base_url === undefined) {
    const cause = "`wire` is set without `base_url`; known providers have their own.";
    return refuse(ctx, { cause, fix: "Add the `base_url` of the server, or remove `wire`." });
  }
  const [only, ...more] = named;
  if (only && more.length === 0) return only;
  const kinds = named.map((spec) => `\`${spec.kind}\``).join(" and ");
  const cause = only
    ? `A researcher has ${kinds}; it is one or the other.`
    : "A researcher names nothing that proposes.";
  return refuse(ctx, {
    cause,
    fix: "Write one of `command`, `agent` or `model` in it, such as `{ agent: claude }`.",
  });
});

function modelSettings(map: z.output<typeof researcherMap>) {
  const { base_url: baseUrl, wire, api_key_env: keyEnv, effort, temperature } = map;
  return {
    ...(baseUrl !== undefined && { baseUrl }),
    ...(wire !== undefined && { wire }),
    ...(keyEnv !== undefined && { keyEnv }),
    ...(effort !== undefined && { effort }),
    ...(temperature !== undefined && { temperature }),
  };
}

const usd = z.number().min(0);
const price = z
  .strictObject({ input: usd, output: usd, cached: usd.optional() })
  .transform(({ input, output, cached }) => ({
    inputUsd: input,
    outputUsd: output,
    ...(cached === undefined ? {} : { cachedUsd: cached }),
  }));

const AGENT_KEYS = ["mode", "args", "time", "idle"] as const;

function agentSettings(map: z.infer<typeof researcherMap>, ctx: Context): AgentSettings {
  const { command, model, mode, args, time, idle } = map;
  if (command !== undefined && mode === "headless") {
    const cause = "An agent with a `command` of yours speaks ACP; it has no mode `headless`.";
    const fix = `Leave \`mode\` out, or write \`{ command: "${command}" }\` for a program that edits and ends.`;
    return refuse(ctx, { cause, fix });
  }
  return {
    ...(command !== undefined && { command }),
    ...(model !== undefined && { model }),
    ...(mode !== undefined && { mode }),
    ...(args !== undefined && { args }),
    ...(time !== undefined && { timeMs: time }),
    ...(idle !== undefined && { idleMs: idle }),
  };
}

const envValue = z
  .union([z.string(), z.number(), z.boolean()], { error: "wrong" })
  .transform((value) => String(value));

export const frontMatterSchema = z.strictObject({
  metric: metric.optional(),
  constraints: constraints.optional(),
  setup: text.optional(),
  measure: text.optional(),
  result_file: path.optional(),
  result_fd: z.literal(3).optional(),
  artifact: paths.optional(),
  evaluate: text.optional(),
  holdout: text.optional(),
  holdout_files: paths.optional(),
  checks: text.optional(),
  edit: paths.optional(),
  protect: paths.optional(),
  link: paths.optional(),
  copy: paths.optional(),
  env: z.record(z.string(), envValue).optional(),
  pass_env: z
    .union([text, z.array(text)], { error: "wrong" })
    .transform((value) => (typeof value === "string" ? [value] : value))
    .optional(),
  limits: z
    .strictObject({
      time: duration.optional(),
      memory: size.optional(),
      network: z.enum(["none", "host"]).optional(),
      output: size.optional(),
    })
    .optional(),
  sandbox: z.enum(["auto", "process", "bubblewrap"]).optional(),
  budget: z
    .strictObject({
      experiments: whole.optional(),
      measurements: whole.optional(),
      time: duration.optional(),
      until: z
        .string()
        .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/)
        .optional(),
      usd: z.number().min(0).optional(),
      tokens: whole.optional(),
      plateau: whole.optional(),
    })
    .optional(),
  risk: z.enum(["strict", "cautious", "balanced", "bold"]).optional(),
  parallel: whole.max(256).optional(),
  researchers: z.array(researcher).min(1).optional(),
  prices: z.record(text, price).optional(),
});

/** What the front matter says, before defaults and inference. */
export type Written = z.infer<typeof frontMatterSchema>;

/** Hands the value to another schema and its findings to this one. */
function pass<T extends z.ZodType>(schema: T, value: unknown, ctx: Context): z.output<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  for (const issue of read.error.issues) ctx.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
  return z.NEVER;
}
