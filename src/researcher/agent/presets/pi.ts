/** pi: how it is started and read. */

import type { Preset, Task } from "../preset.ts";
import { countOf, type Heard, type Json, jsonReader, listOf, objectOf, textOf } from "../said.ts";
import { GATEWAY, MIB, PROMPT } from "./common.ts";

export const pi: Preset = {
  name: "pi",
  program: "pi",
  versionArgs: ["--version"],
  install: "npm install -g @earendil-works/pi-coding-agent",
  wires: ["openai_chat", "anthropic"],
  login: { files: [".pi/agent/auth.json", ".pi/agent/settings.json"], env: [], how: "pi, then /login" },
  needsModel: true,
  memoryBytes: 190 * MIB,
  prefers: "headless",
  headless: (task) => ({
    args: ["--mode", "json", "--no-session", "--offline", ...piModel(task), "-p", PROMPT],
    env: { PI_OFFLINE: "1" },
    files: piFiles(task),
  }),
  reader: () => jsonReader(hear),
};

function piModel({ access, model = "" }: Task): string[] {
  if (access.kind === "metered") return ["--provider", GATEWAY, "--model", model];
  return model === "" ? [] : ["--model", model];
}

function piFiles({ access, model = "" }: Task): Record<string, string> {
  if (access.kind === "login") return {};
  const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }; // the gateway knows the price
  const provider = {
    baseUrl: access.baseUrl,
    api: access.wire === "anthropic" ? "anthropic-messages" : "openai-completions",
    apiKey: access.key,
    models: [
      {
        ...{ id: model, name: model, reasoning: false, input: ["text"], cost },
        ...{ contextWindow: 200_000, maxTokens: 16_384 },
      },
    ],
  };
  return { ".pi/agent/models.json": JSON.stringify({ providers: { [GATEWAY]: provider } }) };
}

/** Events of `--mode json`. */
function hear({ type, message }: Json): Heard | undefined {
  const { role, content, usage, model, stopReason, errorMessage } = objectOf(message);
  if (type !== "message_end" || role !== "assistant") return undefined;
  const text = listOf(content)
    .map((block) => textOf(block.text))
    .join("");
  const { input, output, cacheRead, cacheWrite } = objectOf(usage);
  return {
    text,
    error: stopReason === "error" ? textOf(errorMessage) || "an error without words" : "",
    model: textOf(model),
    calls: 1,
    usage: {
      freshTokens: countOf(input),
      cachedTokens: countOf(cacheRead),
      cacheWriteTokens: countOf(cacheWrite),
      outputTokens: countOf(output),
      reasoningTokens: 0,
    },
  };
}
