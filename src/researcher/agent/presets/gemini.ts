/** Gemini CLI: how it is started and read. */

import type { TokenUsage } from "../../../core/provider.ts";
import type { Preset, Task } from "../preset.ts";
import {
  countOf,
  errorWords,
  type Heard,
  type Json,
  jsonReader,
  NO_USAGE,
  objectOf,
  textOf,
} from "../said.ts";
import { MIB, PROMPT } from "./common.ts";

export const gemini: Preset = {
  name: "gemini",
  program: "gemini",
  versionArgs: ["--version"],
  install: "npm install -g @google/gemini-cli",
  wires: ["gemini"],
  login: {
    files: [".gemini/oauth_creds.json", ".gemini/google_accounts.json"],
    env: [],
    how: "gemini, then log in",
  },
  needsModel: false,
  memoryBytes: 350 * MIB,
  prefers: "headless",
  headless: (task) => ({
    args: ["-p", PROMPT, "-o", "stream-json", "-y", "--skip-trust", ...modelArgs(task)],
    ...geminiSettings(task),
  }),
  reader: () => jsonReader(hear),
  acp: {
    program: "gemini",
    start: (task) => ({
      args: ["--acp", "--skip-trust", ...modelArgs(task)],
      sessionMode: "yolo",
      ...geminiSettings(task),
    }),
  },
};

function geminiSettings({ access, mcpServers }: Task) {
  const selectedType = access.kind === "metered" ? "gemini-api-key" : "oauth-personal";
  const settings = {
    security: { auth: { selectedType }, folderTrust: { enabled: false } },
    general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
    mcpServers: Object.fromEntries(
      mcpServers.map(({ name, command, args }) => [name, { command, args, trust: true }]),
    ),
  };
  const env: Record<string, string> =
    access.kind === "metered" ? { GEMINI_API_KEY: access.key, GOOGLE_GEMINI_BASE_URL: access.baseUrl } : {};
  return { env, files: { ".gemini/settings.json": JSON.stringify(settings) } };
}

function modelArgs({ model }: Task): string[] {
  return model === undefined ? [] : ["-m", model];
}

/** Events of `-o stream-json`: `input` is what no cache held. */
function hear({ type, role, content, delta, stats, model, error, status }: Json): Heard | undefined {
  switch (type) {
    case "init":
      return { model: textOf(model) };
    case "message":
      if (role !== "assistant") return { text: "" };
      return delta === true ? { more: textOf(content) } : { text: textOf(content) };
    case "tool_use":
      return { text: "", calls: 1 };
    case "error":
      return { error: errorWords(error) || "an error without words" };
    case "result":
      return {
        error: status === "success" ? "" : errorWords(error) || `it ended with ${textOf(status)}`,
        usage: usageOf(objectOf(stats)),
        calls: 1,
      };
    default:
      return undefined;
  }
}

function usageOf(stats: Json): TokenUsage {
  return {
    ...NO_USAGE,
    freshTokens: countOf(stats.input),
    cachedTokens: countOf(stats.cached),
    outputTokens: Math.max(
      countOf(stats.output_tokens),
      countOf(stats.total_tokens) - countOf(stats.input_tokens),
    ),
  };
}
