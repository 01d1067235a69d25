/** Which agents this machine has, and how each would reach its models. For doctor. Starts nothing but `--version` of those that are no package. */

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Preset } from "../researcher/agent/preset.ts";
import { PRESETS } from "../researcher/agent/presets.ts";
import { whereLogin } from "./agent-login.ts";
import { packageVersion, programsOf } from "./agent-programs.ts";
import { agentUpstreams, keyNames } from "./models.ts";
import type { UserEnvironment } from "./surroundings.ts";

export interface AgentReport {
  readonly agent: string;
  /** Absent: not on PATH. */
  readonly program?: string;
  readonly version?: string;
  readonly access:
    | { readonly kind: "metered"; readonly key: string }
    | { readonly kind: "login"; readonly where: string }
    | { readonly kind: "none" };
  readonly modes: readonly ("headless" | "acp")[];
  /** What to type to have it, or more of it. */
  readonly next?: string;
}

const VERSION_MS = 10_000;

export async function examineAgents(environment: UserEnvironment): Promise<AgentReport[]> {
  // Some write settings where they think they are at home.
  const home = await mkdtemp(join(tmpdir(), "nightlab-doctor-"));
  try {
    return await Promise.all(PRESETS.map((preset) => examineAgent(preset, environment, home)));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function examineAgent(
  preset: Preset,
  environment: UserEnvironment,
  home: string,
): Promise<AgentReport> {
  const { name: agent, acp, install, login } = preset;
  const path = environment.PATH ?? "";
  const found = programsOf(preset, path);
  const program = found[preset.program];
  const access = accessOf(preset, environment);
  if (program === undefined) return { agent, access, modes: [], next: install };
  const env = { PATH: path, HOME: home, LANG: "C.UTF-8" };
  const version = packageVersion(program) ?? (await saidVersion(program, preset.versionArgs, env));
  const speaksAcp = acp !== undefined && found[acp.program] !== undefined;
  const next =
    access.kind === "none"
      ? `export ${keyNames(preset.wires)}, or: ${login.how}`
      : speaksAcp
        ? undefined
        : acp?.install;
  return {
    ...{ agent, program, access, modes: speaksAcp ? ["headless", "acp"] : ["headless"] },
    ...(version === undefined ? {} : { version }),
    ...(next === undefined ? {} : { next }),
  };
}

function accessOf({ wires, login }: Preset, environment: UserEnvironment): AgentReport["access"] {
  const there = agentUpstreams(environment).map(({ wire }) => wire);
  const wire = wires.find((one) => there.includes(one));
  if (wire !== undefined) return { kind: "metered", key: keyNames([wire]) };
  const where = whereLogin(login, environment);
  return where === undefined ? { kind: "none" } : { kind: "login", where };
}

async function saidVersion(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<string | undefined> {
  const running = promisify(execFile)(program, args, { env, cwd: env.HOME, timeout: VERSION_MS });
  running.child.stdin?.end();
  const said = await running.catch(() => undefined);
  return /\d+\.\d+[\w.+-]*/.exec(said?.stdout ?? "")?.[0];
}

/** One line of doctor. */
export function agentLine({ agent, program, version, access, modes, next }: AgentReport): string {
  if (program === undefined) return `${agent}: not found. Install: ${next}`;
  const more = next === undefined ? "" : `. Next: ${next}`;
  return `${agent} ${version ?? "(says no version)"}: ${accessWords(access)}; ${modes.join(" and ")}${more}`;
}

function accessWords(access: AgentReport["access"]): string {
  switch (access.kind) {
    case "metered":
      return `metered, by ${access.key}`;
    case "login":
      return `unmetered, by its login (${access.where}): it tells its tokens itself, and no dollars`;
    case "none":
      return "neither key nor login";
  }
}
