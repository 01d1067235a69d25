/** The way to the models of a study: keys and addresses from the user, one gateway before them. Part of the composition root. */

import type { Clock } from "../core/clock.ts";
import { UsageError } from "../core/errors.ts";
import type { ExperimentId } from "../core/experiment.ts";
import type { Program } from "../core/program.ts";
import type { ModelAccess, Wire } from "../core/provider.ts";
import { type Gateway, openGateway } from "../gateway/gateway.ts";
import type { Prices } from "../gateway/prices.ts";
import type { Upstream } from "../gateway/upstream.ts";
import { modelsLeft } from "../loop/budget.ts";
import type { Lab } from "../loop/lab.ts";
import { modelUpstreams } from "./model-staff.ts";
import type { UserEnvironment } from "./surroundings.ts";

/** Where the agents people have look for their models, by the variables they read. */
const AGENT_UPSTREAMS: readonly {
  wires: readonly Wire[];
  baseUrl: string;
  key: string;
  urlVariable: string;
}[] = [
  {
    wires: ["openai_responses", "openai_chat"],
    baseUrl: "https://api.openai.com/v1",
    key: "OPENAI_API_KEY",
    urlVariable: "OPENAI_BASE_URL",
  },
  {
    wires: ["anthropic"],
    baseUrl: "https://api.anthropic.com",
    key: "ANTHROPIC_API_KEY",
    urlVariable: "ANTHROPIC_BASE_URL",
  },
  {
    wires: ["gemini"],
    baseUrl: "https://generativelanguage.googleapis.com",
    key: "GEMINI_API_KEY",
    urlVariable: "GOOGLE_GEMINI_BASE_URL",
  },
];

/** Servers on this machine cost nothing by the token. */
const FREE = { inputUsd: 0, outputUsd: 0 };
const FREE_PROVIDERS = /^(?:ollama|lmstudio|vllm|llama\.cpp)\//;

export interface Models {
  readonly gateway: Gateway;
  /** Wires for which an agent finds a key of the user's. */
  readonly wires: readonly Wire[];
  open(experiment: ExperimentId, researcher: string): ModelAccess;
  /** Calls are written to the ledger of this lab from now on; before, nothing is let through. */
  serve(lab: Lab): void;
}

/** Undefined where no researcher needs a model. UsageError for a model whose key the user has not set. */
export async function openModels(
  program: Program,
  { environment, clock }: { environment: UserEnvironment; clock: Clock },
): Promise<Models | undefined> {
  const isNeeded = program.researchers.some(({ kind }) => kind === "model" || kind === "agent");
  if (!isNeeded) return undefined;
  const ofAgents = program.researchers.some(({ kind }) => kind === "agent")
    ? agentUpstreams(environment)
    : [];
  const upstreams = [...ofModels(program, environment), ...ofAgents];
  let lab: Lab | undefined;
  const gateway = await openGateway({
    upstreams,
    prices: pricesOf(program),
    clock,
    left: () => (lab === undefined ? { tokens: 0 } : modelsLeft(lab.parts.budget, lab.run)),
    onCall: async (call, { experiment, researcher }) => {
      await lab?.record({
        kind: "called",
        run: lab.tag,
        experiment: experiment as ExperimentId,
        researcher,
        call,
      });
    },
  });
  return {
    gateway,
    wires: [...new Set(ofAgents.map(({ wire }) => wire))],
    open: (experiment, researcher) => gateway.access(experiment, researcher),
    serve(served) {
      lab = served;
    },
  };
}

function ofModels(program: Program, environment: UserEnvironment): Upstream[] {
  return modelUpstreams(program).map(({ wire, baseUrl, keyEnvironmentName, model }) => {
    const apiKey = keyEnvironmentName === undefined ? undefined : environment[keyEnvironmentName];
    if (keyEnvironmentName !== undefined && (apiKey === undefined || apiKey === "")) {
      throw new UsageError(`${model} needs a key, and ${keyEnvironmentName} is not set`, {
        place: `${program.path}: researchers`,
        next: `export ${keyEnvironmentName}=…, then the same command again`,
      });
    }
    return { wire, baseUrl, modelPrefix: model, ...(apiKey === undefined ? {} : { apiKey }) };
  });
}

/** Only what the user has a key for: an agent without one uses its own login, unmetered. */
export function agentUpstreams(environment: UserEnvironment): Upstream[] {
  return AGENT_UPSTREAMS.flatMap(({ wires, baseUrl, key, urlVariable }) => {
    const apiKey = environment[key];
    if (apiKey === undefined || apiKey === "") return [];
    return wires.map((wire) => ({ wire, baseUrl: environment[urlVariable] || baseUrl, apiKey }));
  });
}

function pricesOf({ researchers, prices }: Program): Prices {
  const free = researchers.flatMap((spec) =>
    spec.kind === "model" && FREE_PROVIDERS.test(spec.model)
      ? [[spec.model.slice(spec.model.indexOf("/") + 1), FREE] as const]
      : [],
  );
  return { ...Object.fromEntries(free), ...prices };
}

/** Names of the keys that would do for an agent, for messages. */
export function keyNames(wires: readonly Wire[]): string {
  const fitting = AGENT_UPSTREAMS.filter((one) => one.wires.some((wire) => wires.includes(wire)));
  return fitting.map(({ key }) => key).join(" or ");
}
