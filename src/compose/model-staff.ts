/** Turns `{ model: ... }` of program.md into a researcher. Part of the composition root. */

import type { Clock } from "../core/clock.ts";
import { UsageError } from "../core/errors.ts";
import type { ExperimentId } from "../core/experiment.ts";
import type { ModelSpec, Program } from "../core/program.ts";
import type { ModelAccess } from "../core/provider.ts";
import type { Researcher } from "../core/researcher.ts";
import { modelResearcher } from "../researcher/model/model.ts";
import { UPSTREAMS, type Upstream, upstreamOf } from "../researcher/model/upstreams.ts";

/** One experiment's metered way to where a model is served. */
export type OpenAccess = (experiment: ExperimentId, researcher: string, upstream: Upstream) => ModelAccess;

export interface ModelContext {
  readonly program: Program;
  readonly clock: Clock;
  readonly openAccess?: OpenAccess;
}

const CONVERSATION_MS = 30 * 60_000;
/** Models that reason say nothing for minutes. */
const IDLE_MS = 5 * 60_000;

/**
 * Anthropic wants a limit; that of the model, up to 128,000, would have the gateway keep back dollars for an answer that no
 * change to a file needs.
 */
const ANTHROPIC_OUTPUT_TOKENS = 32_000;

export function makeModel(
  spec: ModelSpec & { readonly role?: string },
  { program, clock, openAccess }: ModelContext,
): Researcher {
  const place = `${program.path}: researchers`;
  const { role, effort, temperature } = spec;
  const found = upstreamOf(spec);
  if (found === undefined) throw unknownProvider(spec.model, place);
  const { upstream, model } = found;
  const { wire } = upstream;
  if (wire === "gemini") throw new Error("no provider of the table speaks the wire of Gemini");
  if (openAccess === undefined) {
    throw new UsageError(`nothing here leads to the model ${spec.model}`, {
      place,
      next: "use tuner, ideas or { command: ... } under researchers",
    });
  }
  const name = [spec.model, ...(role === undefined ? [] : [role])].join("/");
  const key = upstream.keyEnvironmentName;
  return modelResearcher({
    name,
    clock,
    totalMs: CONVERSATION_MS,
    ...(role === undefined ? {} : { role }),
    openAccess: (experiment) => openAccess(experiment, name, upstream),
    openChat: async (access, options) => {
      // 25 MB of packages: only a study that asks a model loads them, and only when it does.
      const { languageModel, sdkChat } = await import("../researcher/model/ai-sdk.ts");
      const endpoint = { wire, baseUrl: access.baseUrl(wire), key: access.key, model };
      return sdkChat({
        ...options,
        clock,
        idleMs: IDLE_MS,
        languageModel: languageModel(endpoint),
        ...(wire === "anthropic" ? { maxOutputTokens: ANTHROPIC_OUTPUT_TOKENS } : {}),
        ...(effort === undefined ? {} : { effort }),
        ...(temperature === undefined ? {} : { temperature }),
      });
    },
    next: {
      unauthorized:
        key === undefined ? `set api_key_env in ${place}` : `export ${key}=…, then: nightlab resume`,
      unknownModel: `correct \`model\` in ${place}, then: nightlab resume`,
    },
  });
}

/** Where the models of a program are served, for the gateway: one entry for each, by the name that is asked for there. */
export function modelUpstreams(program: Program): (Upstream & { readonly model: string })[] {
  return program.researchers.flatMap((spec) => {
    const found = spec.kind === "model" ? upstreamOf(spec) : undefined;
    return found === undefined ? [] : [{ ...found.upstream, model: found.model }];
  });
}

function unknownProvider(model: string, place: string): UsageError {
  return new UsageError(`no provider is known for the model ${model}`, {
    place,
    next: `begin with one of ${Object.keys(UPSTREAMS).join(", ")}, such as openai/gpt-5; or add the base_url of its server`,
  });
}
