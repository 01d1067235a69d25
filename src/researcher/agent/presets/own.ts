/** An agent that nightlab does not know: the user's line starts it, and it speaks ACP. */

import type { AcpWay, Task } from "../preset.ts";

/** Room for one of which nothing is known, bytes. */
export const OWN_MEMORY_BYTES = 300 * 1024 ** 2;

/** It finds the gateway where the clients of each provider look for theirs. */
export const ownWay: AcpWay = {
  program: "sh",
  start: (task) => ({ args: [], env: environmentOf(task), files: {} }),
};

function environmentOf({ access, model }: Task): Record<string, string> {
  if (access.kind === "login") return {};
  const { baseUrls, key } = access;
  const openai = baseUrls.openai_chat ?? baseUrls.openai_responses;
  return {
    ...(openai === undefined ? {} : { OPENAI_BASE_URL: openai, OPENAI_API_KEY: key }),
    ...(baseUrls.anthropic === undefined
      ? {}
      : { ANTHROPIC_BASE_URL: baseUrls.anthropic, ANTHROPIC_API_KEY: key }),
    ...(baseUrls.gemini === undefined
      ? {}
      : { GOOGLE_GEMINI_BASE_URL: baseUrls.gemini, GEMINI_API_KEY: key }),
    ...(model === undefined ? {} : { NIGHTLAB_MODEL: model }),
  };
}
