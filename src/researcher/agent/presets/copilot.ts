/** GitHub Copilot CLI: how it is started and read. */

import type { TokenUsage } from "../../../core/provider.ts";
import type { McpServer, Preset, Task } from "../preset.ts";
import { countOf, type Heard, type Json, jsonReader, NO_USAGE, objectOf, sumOf, textOf } from "../said.ts";
import { MIB, PROMPT } from "./common.ts";

export const copilot: Preset = {
  name: "copilot",
  program: "copilot",
  versionArgs: ["--version"],
  install: "npm install -g @github/copilot",
  wires: ["openai_chat", "anthropic"],
  login: {
    files: [".copilot/config.json"],
    env: ["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"],
    how: "copilot, then /login; or export GH_TOKEN",
  },
  needsModel: true,
  memoryBytes: 300 * MIB,
  prefers: "headless",
  headless: (task) => ({
    args: [
      ...[
        "-p",
        PROMPT,
        "--output-format",
        "json",
        "--allow-all-tools",
        "--no-ask-user",
        "-C",
        task.workspace,
      ],
      ...["--usage-output-file", `${task.home}/${USAGE_FILE}`, ...COPILOT, ...copilotMcp(task.mcpServers)],
    ],
    env: copilotEnvironment(task),
    files: {},
    printedAfter: USAGE_FILE,
  }),
  reader: () => jsonReader(hear),
  acp: {
    program: "copilot",
    start: (task) => ({
      args: ["--acp", "--allow-all-tools", ...COPILOT, ...copilotMcp(task.mcpServers)],
      env: copilotEnvironment(task),
      files: {},
    }),
  },
};

const USAGE_FILE = "usage.json";
const COPILOT = ["--no-auto-update", "--disable-builtin-mcps"];

function copilotMcp(servers: readonly McpServer[]): string[] {
  // Those in session/new are not visible to it.
  if (servers.length === 0) return [];
  const mcpServers = Object.fromEntries(
    servers.map(({ name, command, args }) => [name, { type: "local", command, args, tools: ["*"] }]),
  );
  return ["--additional-mcp-config", JSON.stringify({ mcpServers })];
}

function copilotEnvironment({ access, home, model = "" }: Task): Record<string, string> {
  const own = { COPILOT_HOME: `${home}/.copilot`, ...(model === "" ? {} : { COPILOT_MODEL: model }) };
  if (access.kind === "login") return own;
  return {
    ...own,
    COPILOT_OFFLINE: "true",
    COPILOT_PROVIDER_BASE_URL: access.baseUrl,
    COPILOT_PROVIDER_TYPE: access.wire === "anthropic" ? "anthropic" : "openai",
    COPILOT_PROVIDER_API_KEY: access.key,
  };
}

/** Events of `--output-format json`. What it used is in none of them, but in a file that is printed behind them. */
function hear({ type, data, modelMetrics }: Json): Heard | undefined {
  const { content, model, message, result } = objectOf(data);
  switch (type) {
    case "assistant.message":
      return { text: textOf(content), model: textOf(model) };
    case "model.call_final_result":
      return result === "success" ? { calls: 1, error: "" } : undefined;
    case "session.error":
      return { error: textOf(message) || "an error without words" };
    default:
      return modelMetrics === undefined ? undefined : usageFile(objectOf(modelMetrics));
  }
}

function usageFile(models: Json): Heard {
  const metrics = Object.values(models).map(objectOf);
  const usage = metrics.map((one) => usageOf(objectOf(one.usage))).reduce(sumOf, NO_USAGE);
  const calls = metrics.reduce((sum, { requests }) => sum + countOf(objectOf(requests).count), 0);
  return { usage, calls, isTotal: true };
}

/** Input holds what was cached. */
function usageOf(counts: Json): TokenUsage {
  const cachedTokens = countOf(counts.cacheReadTokens);
  const cacheWriteTokens = countOf(counts.cacheWriteTokens);
  return {
    freshTokens: Math.max(0, countOf(counts.inputTokens) - cachedTokens - cacheWriteTokens),
    cachedTokens,
    cacheWriteTokens,
    outputTokens: countOf(counts.outputTokens),
    reasoningTokens: countOf(counts.reasoningTokens),
  };
}
