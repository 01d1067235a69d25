/** Codex: how it is started and read. */

import type { TokenUsage } from "../../../core/provider.ts";
import type { Preset, Task } from "../preset.ts";
import { countOf, errorWords, type Heard, type Json, jsonReader, objectOf, textOf } from "../said.ts";
import { GATEWAY, MIB, PROMPT } from "./common.ts";

export const codex: Preset = {
  name: "codex",
  program: "codex",
  versionArgs: ["--version"],
  install: "npm install -g @openai/codex",
  wires: ["openai_responses"],
  login: { files: [".codex/auth.json"], env: [], how: "codex login" },
  needsModel: false,
  memoryBytes: 220 * MIB,
  prefers: "headless",
  headless: (task) => ({
    args: [
      ...["exec", "--json", "--skip-git-repo-check", "-C", task.workspace],
      ...["-s", task.isWalled ? "danger-full-access" : "workspace-write", PROMPT],
    ],
    env: codexEnvironment(task),
    files: { ".codex/config.toml": codexConfig(task) },
  }),
  reader: () => jsonReader(hear),
  acp: {
    program: "codex-acp",
    install: "npm install -g @agentclientprotocol/codex-acp --omit=optional",
    start: (task) => ({
      args: [],
      env: {
        ...codexEnvironment(task),
        ...(task.found.codex === undefined ? {} : { CODEX_PATH: task.found.codex }),
      },
      files: { ".codex/config.toml": codexConfig(task) },
      // Its own default mode lets a second model decide, in calls of its own.
      sessionMode: task.isWalled ? "agent-full-access" : "workspace-write",
    }),
  },
};

function codexEnvironment({ access, home }: Task): Record<string, string> {
  // Not below TMPDIR: codex refuses its helper links there, and then fails every command silently.
  const own = { CODEX_HOME: `${home}/.codex` };
  return access.kind === "metered" ? { ...own, NIGHTLAB_KEY: access.key } : own;
}

function codexConfig({ access, model, isWalled, mcpServers }: Task): string {
  const text = (value: string) => JSON.stringify(value); // a basic string of TOML reads the same escapes
  const servers = mcpServers.flatMap(({ name, command, args }) => [
    `[mcp_servers.${name}]`,
    `command = ${text(command)}`,
    `args = [${args.map(text).join(", ")}]`,
  ]);
  const metered = access.kind === "metered" ? access : undefined;
  const lines = [
    'approval_policy = "never"',
    `sandbox_mode = ${text(isWalled ? "danger-full-access" : "workspace-write")}`,
    "check_for_update_on_startup = false",
    ...(model === undefined ? [] : [`model = ${text(model)}`]),
    ...(metered === undefined ? [] : [`model_provider = ${text(GATEWAY)}`]),
    "[analytics]",
    "enabled = false",
    ...(metered === undefined ? [] : [`[model_providers.${GATEWAY}]`, `name = ${text(GATEWAY)}`]),
    ...(metered === undefined ? [] : [`base_url = ${text(metered.baseUrl)}`, 'wire_api = "responses"']),
    ...(metered === undefined ? [] : ['env_key = "NIGHTLAB_KEY"', "request_max_retries = 4"]),
    ...(metered === undefined ? [] : ["stream_max_retries = 4"]),
    ...servers,
  ];
  return `${lines.join("\n")}\n`;
}

/** Events of `codex exec --json`: input holds what was cached. */
function hear({ type, item, usage, error, message }: Json): Heard | undefined {
  switch (type) {
    case "item.completed": {
      const { type: kind, text } = objectOf(item);
      return kind === "agent_message" ? { text: textOf(text), error: "" } : undefined;
    }
    case "error":
      return { error: textOf(message) };
    case "turn.failed":
      return { error: errorWords(error) };
    case "turn.completed":
      return { usage: usageOf(objectOf(usage)), calls: 1, error: "" };
    default:
      return undefined;
  }
}

function usageOf(counts: Json): TokenUsage {
  const cachedTokens = countOf(counts.cached_input_tokens);
  const cacheWriteTokens = countOf(counts.cache_write_input_tokens);
  return {
    freshTokens: Math.max(0, countOf(counts.input_tokens) - cachedTokens - cacheWriteTokens),
    cachedTokens,
    cacheWriteTokens,
    outputTokens: countOf(counts.output_tokens),
    reasoningTokens: countOf(counts.reasoning_output_tokens),
  };
}
