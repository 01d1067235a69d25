/** Where the models of known providers are served: data for the researcher and for the gateway that stands before them. */

import type { Wire } from "../../core/provider.ts";

/** A provider's own address. `baseUrl` is what a client of that wire takes: the OpenAI ones end in /v1 or the like. */
export interface Upstream {
  readonly wire: Wire;
  readonly baseUrl: string;
  /** Environment variable that holds the key; absent where none is needed. */
  readonly keyEnvironmentName?: string;
}

const chat = (baseUrl: string, keyEnvironmentName?: string): Upstream => ({
  wire: "openai_chat",
  baseUrl,
  ...(keyEnvironmentName === undefined ? {} : { keyEnvironmentName }),
});

/** By the first part of `model: provider/name`. Addresses as the providers document them. */
export const UPSTREAMS: Readonly<Record<string, Upstream>> = {
  openai: {
    wire: "openai_responses",
    baseUrl: "https://api.openai.com/v1",
    keyEnvironmentName: "OPENAI_API_KEY",
  },
  anthropic: {
    wire: "anthropic",
    baseUrl: "https://api.anthropic.com",
    keyEnvironmentName: "ANTHROPIC_API_KEY",
  },
  google: chat("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
  openrouter: chat("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
  deepseek: chat("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
  groq: chat("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
  mistral: chat("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
  xai: chat("https://api.x.ai/v1", "XAI_API_KEY"),
  ollama: chat("http://127.0.0.1:11434/v1"),
  lmstudio: chat("http://127.0.0.1:1234/v1"),
  vllm: chat("http://127.0.0.1:8000/v1"),
  "llama.cpp": chat("http://127.0.0.1:8080/v1"),
};

/** What program.md says of a model. */
export interface NamedModel {
  readonly model: string;
  readonly baseUrl?: string;
  readonly wire?: Wire;
  readonly keyEnv?: string;
}

/** Where a model is served and what it is called there; undefined for a provider that is not known. */
export function upstreamOf(named: NamedModel): { upstream: Upstream; model: string } | undefined {
  const { model, baseUrl, wire, keyEnv } = named;
  const key = keyEnv === undefined ? {} : { keyEnvironmentName: keyEnv };
  if (baseUrl !== undefined) {
    // A server of one's own names models as it likes, slashes included.
    return { upstream: { wire: wire ?? "openai_chat", baseUrl: baseUrl.replace(/\/+$/, ""), ...key }, model };
  }
  const slash = model.indexOf("/");
  const provider = model.slice(0, Math.max(0, slash));
  if (!Object.hasOwn(UPSTREAMS, provider) || slash === model.length - 1) return undefined;
  const known = UPSTREAMS[provider];
  return known === undefined ? undefined : { upstream: { ...known, ...key }, model: model.slice(slash + 1) };
}
