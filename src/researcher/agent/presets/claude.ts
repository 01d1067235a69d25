/** Claude Code: how it is started and read. */

import type { TokenUsage } from "../../../core/provider.ts";
import type { McpServer, Preset, Task } from "../preset.ts";
import {
  countOf,
  type Heard,
  type Json,
  jsonReader,
  listOf,
  NO_USAGE,
  objectOf,
  sumOf,
  textOf,
} from "../said.ts";
import { MIB, PROMPT, TURNS } from "./common.ts";

export const claude: Preset = {
  name: "claude",
  program: "claude",
  versionArgs: ["--version"],
  install: "npm install -g @anthropic-ai/claude-code",
  wires: ["anthropic"],
  login: {
    files: [".claude/.credentials.json"],
    env: ["CLAUDE_CODE_OAUTH_TOKEN"],
    how: "claude setup-token, and export CLAUDE_CODE_OAUTH_TOKEN; or: claude login",
  },
  needsModel: false,
  memoryBytes: 310 * MIB,
  prefers: "headless",
  headless: (task) => ({
    args: [
      ...["-p", PROMPT, "--output-format", "stream-json", "--verbose", "--max-turns", TURNS],
      ...["--permission-mode", "acceptEdits", "--allowedTools", "Read,Edit,Write,Bash,Glob,Grep,mcp__*"],
      ...["--setting-sources", "", "--strict-mcp-config", ...claudeMcp(task.mcpServers)],
      ...(task.model === undefined ? [] : ["--model", task.model]),
    ],
    env: claudeEnvironment(task),
    files: {},
  }),
  reader: () => jsonReader(hear),
  acp: {
    program: "claude-agent-acp",
    install: "npm install -g @agentclientprotocol/claude-agent-acp --omit=optional",
    start: (task) => ({
      args: [],
      env: {
        ...claudeEnvironment(task),
        ENABLE_TOOL_SEARCH: "false",
        ...(task.found.claude === undefined ? {} : { CLAUDE_CODE_EXECUTABLE: task.found.claude }),
        ...(task.model === undefined ? {} : { ANTHROPIC_MODEL: task.model }),
      },
      files: {},
      sessionMode: "acceptEdits",
    }),
  },
};

function claudeEnvironment({ access, home }: Task): Record<string, string> {
  return {
    CLAUDE_CONFIG_DIR: `${home}/.claude`,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    ...(access.kind === "metered"
      ? { ANTHROPIC_BASE_URL: access.baseUrl, ANTHROPIC_API_KEY: access.key }
      : {}),
  };
}

function claudeMcp(servers: readonly McpServer[]): string[] {
  if (servers.length === 0) return [];
  const mcpServers = Object.fromEntries(servers.map(({ name, command, args }) => [name, { command, args }]));
  return ["--mcp-config", JSON.stringify({ mcpServers })];
}

/** Events of `--output-format stream-json`; the sums of `result` hold side calls too. */
function hear(event: Json): Heard | undefined {
  const { type, subtype, error_status: status, error } = event;
  if (type === "system" && subtype === "api_retry") return { error: `${textOf(error)} ${countOf(status)}` };
  if (type === "assistant") {
    const message = objectOf(event.message);
    const text = listOf(message.content)
      .map((block) => textOf(block.text))
      .join("");
    return { error: "", calls: 1, model: textOf(message.model), ...(text === "" ? {} : { text }) };
  }
  if (type !== "result") return undefined;
  const words = textOf(event.result) || `it ended with ${textOf(subtype)}`;
  const models = Object.entries(objectOf(event.modelUsage));
  const usage = models.map(([, one]) => usageOf(objectOf(one))).reduce(sumOf, NO_USAGE);
  return {
    text: textOf(event.result),
    error: event.is_error === true ? words : "",
    usage,
    isTotal: true,
    ...(models[0] === undefined ? {} : { model: models[0][0] }),
  };
}

function usageOf(counts: Json): TokenUsage {
  return {
    freshTokens: countOf(counts.inputTokens),
    cachedTokens: countOf(counts.cacheReadInputTokens),
    cacheWriteTokens: countOf(counts.cacheCreationInputTokens),
    outputTokens: countOf(counts.outputTokens),
    reasoningTokens: countOf(counts.thinkingTokens),
  };
}
