/** Turns an agent of program.md into a researcher, or says what is missing. Part of the composition root. */

import { UsageError } from "../core/errors.ts";
import type { ResearcherSpec } from "../core/program.ts";
import type { Wire } from "../core/provider.ts";
import type { Researcher } from "../core/researcher.ts";
import { agentResearcher, type Way } from "../researcher/agent/agent.ts";
import type { Preset } from "../researcher/agent/preset.ts";
import { OWN_MEMORY_BYTES, ownWay } from "../researcher/agent/presets/own.ts";
import { PRESETS } from "../researcher/agent/presets.ts";
import { type AgentHostContext, agentHost, type ModelGateway } from "./agent-desk.ts";
import { type Login, whereLogin } from "./agent-login.ts";
import { programsOf } from "./agent-programs.ts";
import { keyNames } from "./models.ts";

export type AgentSpec = Extract<ResearcherSpec, { kind: "agent" }>;

export interface AgentContext extends AgentHostContext {
  /** Path of program.md, for messages. */
  readonly programPath: string;
  readonly gateway?: ModelGateway;
  /** Another researcher has the same agent and role: the model tells them apart. */
  readonly isOneOfSeveral?: boolean;
}

const NO_LOGIN: Login = { files: [], env: [], how: "pass its login by pass_env" };

/** UsageError where the agent, its adapter, a key or a model is missing: at the start, not in the night. */
export function makeAgent(spec: AgentSpec, context: AgentContext): Researcher {
  const { agent, command } = spec;
  const preset = PRESETS.find(({ name }) => name === agent);
  if (preset === undefined && command === undefined) throw unknown(agent, context.programPath);
  const found = preset === undefined ? {} : programsOf(preset, context.environment.PATH ?? "");
  const way = wayOf(spec, { preset, found, programPath: context.programPath });
  const login = preset?.login ?? NO_LOGIN;
  const wire = wireOf(spec, preset?.wires, context.gateway);
  if (preset !== undefined) checkAccess(spec, { preset, wire, context });
  const kind = context.isOneOfSeveral ? `${agent}:${spec.model ?? "own"}` : agent;
  const name = spec.role === undefined ? kind : `${kind}/${spec.role}`;
  const desk = {
    ...{ researcher: name, login, found },
    ...(context.gateway === undefined ? {} : { gateway: context.gateway }),
    ...(wire === undefined ? {} : { wire }),
  };
  return agentResearcher({
    ...{ name, way, settings: spec, host: agentHost(context, desk), fix: fixFor(login, wire) },
    memoryBytes: preset?.memoryBytes ?? OWN_MEMORY_BYTES,
    ...(spec.role === undefined ? {} : { role: spec.role }),
  });
}

function unknown(agent: string, place: string): UsageError {
  const names = PRESETS.map(({ name }) => name).join(", ");
  return new UsageError(`no agent called "${agent}" is known; these are: ${names}`, {
    place: `${place}: researchers`,
    next: `write one of them, or how yours is started: { agent: ${agent}, command: "${agent} --acp" }`,
  });
}

interface Around {
  readonly preset: Preset | undefined;
  readonly found: Readonly<Record<string, string>>;
  readonly programPath: string;
}

function wayOf(spec: AgentSpec, { preset, found, programPath }: Around): Way {
  const { mode, command, agent } = spec;
  if (command !== undefined) return { kind: "acp", acp: preset?.acp ?? ownWay, command };
  if (preset === undefined) throw unknown(agent, programPath);
  const { acp } = preset;
  const missing = (text: string, next: string) =>
    new UsageError(text, { place: `${programPath}: researchers`, next });
  if (found[preset.program] === undefined) {
    throw missing(`${agent} is not on PATH`, `${preset.install}; nightlab doctor shows what is found`);
  }
  const isThere = acp !== undefined && found[acp.program] !== undefined;
  if (mode === "acp" && acp === undefined) {
    throw missing(`${agent} does not speak ACP`, `leave \`mode\` out: { agent: ${agent} }`);
  }
  if (mode === "acp" && !isThere) {
    throw missing(`${agent} speaks ACP by ${acp?.program}, which is not on PATH`, acp?.install ?? "");
  }
  const isAcp = mode === "acp" || (mode === undefined && preset.prefers === "acp");
  return isAcp && acp !== undefined && isThere ? { kind: "acp", acp } : { kind: "headless", preset };
}

const PROVIDER_WIRES: Readonly<Record<string, readonly Wire[]>> = {
  openai: ["openai_chat", "openai_responses"],
  anthropic: ["anthropic"],
  google: ["gemini"],
  gemini: ["gemini"],
};

/** The first wire that the agent speaks and the gateway has a provider for; `provider/model` narrows the choice. */
function wireOf(
  { model }: AgentSpec,
  spoken: readonly Wire[] | undefined,
  gateway: ModelGateway | undefined,
): Wire | undefined {
  const provider = /^([a-z]+)\//.exec(model ?? "")?.[1] ?? "";
  const wished = PROVIDER_WIRES[provider];
  const there = gateway?.wires ?? [];
  return (spoken ?? there).find((wire) => there.includes(wire) && (wished?.includes(wire) ?? true));
}

function checkAccess(
  spec: AgentSpec,
  { preset, wire, context }: { preset: Preset; wire: Wire | undefined; context: AgentContext },
): void {
  const place = `${context.programPath}: researchers`;
  if (wire === undefined && whereLogin(preset.login, context.userEnvironment) === undefined) {
    throw new UsageError(`${preset.name} has neither a key nor a login`, {
      place,
      next: `export ${keyNames(preset.wires)}, or: ${preset.login.how}`,
    });
  }
  if (wire !== undefined && preset.needsModel && spec.model === undefined) {
    throw new UsageError(`${preset.name} has no model of its own choice when it works by a key`, {
      place,
      next: `name one: { agent: ${preset.name}, model: … }`,
    });
  }
}

function fixFor(login: Login, wire: Wire | undefined): string {
  return wire === undefined ? `log in anew: ${login.how}` : `set ${keyNames([wire])} to a key that is valid`;
}
