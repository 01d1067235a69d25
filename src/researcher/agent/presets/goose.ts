/** goose: how it is started and read. */

import type { McpServer, Preset, Task } from "../preset.ts";
import {
  countOf,
  errorWords,
  type Heard,
  type Json,
  jsonReader,
  listOf,
  NO_USAGE,
  objectOf,
  textOf,
} from "../said.ts";
import { MIB, PROMPT, TURNS } from "./common.ts";

export const goose: Preset = {
  name: "goose",
  program: "goose",
  versionArgs: ["--version"],
  install: "see https://block.github.io/goose (or: npm install -g @aaif/goose)",
  wires: ["openai_chat", "anthropic"],
  login: {
    files: [".config/goose/config.yaml", ".config/goose/secrets.yaml"],
    env: [],
    how: "goose configure, with GOOSE_DISABLE_KEYRING=1",
  },
  needsModel: true,
  memoryBytes: 120 * MIB,
  prefers: "acp",
  headless: (task) => ({
    args: [
      ...["run", "-t", PROMPT, "--no-session", "--quiet", "--output-format", "stream-json"],
      ...["--with-builtin", "developer", "--max-turns", TURNS, ...gooseMcp(task.mcpServers)],
    ],
    env: gooseEnvironment(task),
    files: {},
  }),
  reader: () => jsonReader(hear),
  acp: {
    program: "goose",
    start: (task) => ({
      args: ["acp", "--with-builtin", "developer"],
      env: gooseEnvironment(task),
      files: {},
    }),
  },
};

const gooseMcp = (servers: readonly McpServer[]) =>
  servers.flatMap(({ command, args }) => ["--with-extension", [command, ...args].join(" ")]);

function gooseEnvironment({ access, model = "" }: Task): Record<string, string> {
  const own = {
    GOOSE_MODE: "auto",
    GOOSE_DISABLE_KEYRING: "1",
    GOOSE_TELEMETRY_ENABLED: "false",
    GOOSE_DISABLE_SESSION_NAMING: "true",
    ...(model === "" ? {} : { GOOSE_MODEL: model }),
  };
  if (access.kind === "login") return own;
  if (access.wire === "anthropic")
    return {
      ...own,
      GOOSE_PROVIDER: "anthropic",
      ANTHROPIC_HOST: access.baseUrl,
      ANTHROPIC_API_KEY: access.key,
    };
  const url = new URL(access.baseUrl);
  return {
    ...own,
    GOOSE_PROVIDER: "openai",
    OPENAI_HOST: url.origin,
    OPENAI_BASE_PATH: `${url.pathname.slice(1)}/chat/completions`,
    OPENAI_API_KEY: access.key,
  };
}

/** Events of `--output-format stream-json`. An error comes as words of the assistant; counts are totals without caches. */
function hear({ type, message, error, ...counts }: Json): Heard | undefined {
  if (type === "error") return { error: errorWords(error) || "an error without words" };
  if (type === "complete") {
    const usage = {
      ...NO_USAGE,
      freshTokens: countOf(counts.input_tokens),
      outputTokens: countOf(counts.output_tokens),
    };
    return { usage, isTotal: true };
  }
  const { role, content } = objectOf(message);
  if (type !== "message" || role !== "assistant") return type === "message" ? { text: "" } : undefined;
  const parts = listOf(content);
  const more = parts.map(({ text }) => textOf(text)).join("");
  const calls = parts.some((part) => part.type === "toolRequest") ? 1 : 0;
  const [, failure] = /^(?:Ran into this error|Request failed): ([^\n]*)/.exec(more) ?? [];
  return { more, calls, ...(failure === undefined ? {} : { error: failure }) };
}
