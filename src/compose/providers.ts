/** Keys and addresses of providers, as the user's environment names them. Read here and nowhere else. */

import type { Wire } from "../core/provider.ts";
import type { UserEnvironment } from "./surroundings.ts";

export interface Provider {
  readonly wire: Wire;
  /** As clients of that wire take it: the OpenAI ones end in /v1. */
  readonly baseUrl: string;
  readonly apiKey: string;
}

interface Named {
  readonly keys: readonly string[];
  /** Moves the provider elsewhere, for those that speak its language. */
  readonly url: string;
  readonly baseUrl: string;
}

const OPENAI: Named = {
  keys: ["OPENAI_API_KEY"],
  url: "OPENAI_BASE_URL",
  baseUrl: "https://api.openai.com/v1",
};

const NAMES: Readonly<Record<Wire, Named>> = {
  openai_chat: OPENAI,
  openai_responses: OPENAI,
  anthropic: {
    keys: ["ANTHROPIC_API_KEY"],
    url: "ANTHROPIC_BASE_URL",
    baseUrl: "https://api.anthropic.com",
  },
  gemini: {
    keys: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    url: "GOOGLE_GEMINI_BASE_URL",
    baseUrl: "https://generativelanguage.googleapis.com",
  },
};

/** One for each wire whose provider the user gave a key for. */
export function providersOf(environment: UserEnvironment): Provider[] {
  return Object.entries(NAMES).flatMap(([wire, { keys, url, baseUrl }]) => {
    const apiKey = keys.map((name) => environment[name]).find((value) => (value ?? "") !== "");
    if (apiKey === undefined) return [];
    return [{ wire: wire as Wire, apiKey, baseUrl: (environment[url] || baseUrl).replace(/\/+$/, "") }];
  });
}

/** Names of the keys that would do, for messages. */
export function keyNames(wires: readonly Wire[]): string {
  return [...new Set(wires.flatMap((wire) => NAMES[wire].keys.slice(0, 1)))].join(" or ");
}
