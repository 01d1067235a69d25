/** A coding agent as a researcher: starts it, watches it, and judges by what happened, not by what it says. */

import type { Brief } from "../../core/brief.ts";
import type { Idea } from "../../core/experiment.ts";
import type { AgentSettings } from "../../core/program.ts";
import type { ModelCall } from "../../core/provider.ts";
import type { Proposal, Researcher } from "../../core/researcher.ts";
import { briefParts, briefText } from "../brief-text.ts";
import { spokenIdeaIn } from "../spoken-idea.ts";
import { takeAcpWay } from "./acp.ts";
import { type Cause, causeOf, complaintOf, type Evidence, type Worked } from "./cause.ts";
import type { Desk, Host } from "./desk.ts";
import type { AcpWay, Preset, Start, Task } from "./preset.ts";
import { NO_USAGE } from "./said.ts";
import { PROMPT_FILE, promptFile, shellLine } from "./shell-line.ts";
import { Watch } from "./watch.ts";

/** The way an agent is spoken to: the preset's, or that of an agent of the user's own. */
export type Way =
  | { readonly kind: "headless"; readonly preset: Preset }
  | { readonly kind: "acp"; readonly acp: AcpWay; readonly command?: string };

export interface AgentOptions {
  readonly name: string;
  readonly role?: string;
  readonly way: Way;
  readonly settings: AgentSettings;
  readonly memoryBytes: number;
  readonly host: Host;
  /** What to type when the provider refuses it, such as "set OPENAI_API_KEY". */
  readonly fix: string;
}

const TOTAL_MS = 30 * 60_000;
const IDLE_MS = 5 * 60_000;
const SHORTAGE_WAIT_MS = 60_000;
/** Waits after failures in a row that the provider sets no time for. */
const [FIRST_WAIT_MS, LONGEST_WAIT_MS, QUOTA_WAIT_MS] = [30_000, 30 * 60_000, 15 * 60_000];

export function agentResearcher(options: AgentOptions): Researcher {
  const { name, role } = options;
  const failing = { inARow: 0 };
  return {
    name,
    readsDiffs: true,
    ...(role === undefined ? {} : { role }),
    propose: (brief, workspacePath, signal) =>
      employ(options, { brief, workspacePath, signal, failing, prompt: briefText(brief) }, (evidence) =>
        ideaFrom(evidence, name),
      ),
    answer(brief, question, workspacePath, signal) {
      const { stable, changing } = briefParts(brief);
      const prompt = `${stable}\n\n${changing}\n\n# Your task\n\nChange nothing, answer: ${question}`;
      return employ(options, { brief, workspacePath, signal, failing, prompt }, ({ said }) => ({
        kind: "text",
        text: said.text,
      }));
    },
  };
}

type GaveUp = Extract<Proposal, { kind: "gave_up" }>;

interface Order {
  readonly brief: Brief;
  readonly workspacePath: string;
  readonly signal: AbortSignal;
  readonly prompt: string;
  /** Failures of the provider, over all experiments of this researcher. */
  readonly failing: { inARow: number };
}

/** Takes what an agent did for what `read` makes of it, unless something stands against it. */
async function employ<Result extends object>(
  options: AgentOptions,
  order: Order,
  read: (evidence: Evidence) => Result,
): Promise<(Result | GaveUp) & { reported?: readonly ModelCall[] }> {
  const { host, name } = options;
  const { brief, workspacePath, signal, failing } = order;
  const shortage = host.shortage(options.memoryBytes);
  if (shortage !== undefined) {
    return { kind: "gave_up", reason: `${name}: not started: ${shortage}`, retryAfterMs: SHORTAGE_WAIT_MS };
  }
  return await host.atDesk(brief, workspacePath, async (desk) => {
    const evidence = await atWork(options, { ...order, desk });
    const cause = signal.aborted ? CANCELLED : causeOf(evidence);
    failing.inARow = cause === undefined ? 0 : failing.inARow + 1;
    const result = cause === undefined ? read(evidence) : refusal(cause, options, failing.inARow);
    const reported = reportOf(evidence, { options, desk, cause });
    return reported.length === 0 ? result : { ...result, reported };
  });
}

const CANCELLED: Cause = { kind: "cancelled", words: "it was called off" };

// --- at work ---

interface AtDesk extends Order {
  readonly desk: Desk;
}

async function atWork(options: AgentOptions, order: AtDesk): Promise<Evidence> {
  const { settings, host, way } = options;
  const { desk, signal, prompt: text } = order;
  const task = taskFor(options, order);
  const start = way.kind === "acp" ? way.acp.start(task) : way.preset.headless(task);
  const args = [...start.args, ...(settings.args ?? [])];
  await desk.write({ ...start.files, [PROMPT_FILE]: promptFile(text) });
  const idleMs = settings.idleMs ?? IDLE_MS;
  const limits = { firstMs: idleMs, idleMs, totalMs: settings.timeMs ?? TOTAL_MS };
  const watch = new Watch(host.clock, limits, desk.calls);
  const worked = await watch.over(async (watched) => {
    if (way.kind === "headless") {
      return await headless(way.preset, { start: { ...start, args }, desk, watch, signal: watched });
    }
    const line = way.command ?? shellLine(way.acp.program, args);
    const { sessionMode } = start;
    return await takeAcpWay({
      ...{ line, env: start.env, prompt: text, workspace: order.workspacePath, desk, watch, signal: watched },
      ...{ mcpServers: desk.mcpServers, offersFiles: way.command !== undefined },
      ...(sessionMode === undefined ? {} : { sessionMode }),
    });
  }, signal);
  return { ...worked, stop: watch.stopped, calls: desk.calls };
}

function taskFor({ settings }: AgentOptions, { desk, workspacePath }: AtDesk): Task {
  const { access, home, isWalled, found, mcpServers } = desk;
  const { model } = settings;
  return {
    ...{ access, home, isWalled, found, mcpServers, workspace: workspacePath },
    ...(model === undefined ? {} : { model: bareModel(model) }),
  };
}

/** `openai/gpt-5` names the provider; what the provider is told is `gpt-5`. */
function bareModel(model: string): string {
  return model.replace(/^(?:openai|anthropic|google|gemini)\//, "");
}

async function headless(
  preset: Preset,
  { start, desk, watch, signal }: { start: Start; desk: Desk; watch: Watch; signal: AbortSignal },
): Promise<Worked> {
  const reader = preset.reader();
  const onLine = (line: string): void => {
    watch.heard();
    reader.line(line);
  };
  const line = shellLine(preset.program, start.args, start.printedAfter);
  const exit = await desk.exec({ line, env: start.env, onLine }, signal);
  return { exit, said: reader.said() };
}

// --- the answer ---

function ideaFrom(evidence: Evidence, name: string): Proposal {
  const complaint = complaintOf(evidence);
  return {
    kind: "idea",
    idea: ideaIn(evidence.said.text, name),
    ...(complaint === undefined ? {} : { complaint: `${name}: ${complaint}` }),
  };
}

/** Models put what they are asked for as JSON into fences, whatever they are told. */
function ideaIn(text: string, name: string): Idea {
  return spokenIdeaIn(text.trimEnd().replace(/\n?```\s*$/, ""), name);
}

function refusal(cause: Cause, { name, fix }: AgentOptions, failures: number): GaveUp {
  const reason = `${name}: ${cause.words}`;
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
  switch (cause.kind) {
    case "unauthorized":
      return { kind: "gave_up", reason: `${reason}; ${fix}`, exhausted: true };
    case "over_budget":
      return { kind: "gave_up", reason, exhausted: true };
    case "quota":
      return { kind: "gave_up", reason, retryAfterMs: cause.retryAfterMs ?? Math.max(QUOTA_WAIT_MS, waitMs) };
    case "rate_limited":
    case "overloaded":
    case "server_error":
    case "unreachable":
    case "cut":
      return { kind: "gave_up", reason, retryAfterMs: cause.retryAfterMs ?? waitMs };
    default:
      return { kind: "gave_up", reason };
  }
}

/** What no gateway saw, as one line: an agent tells sums. */
function reportOf(
  { said, exit }: Evidence,
  { options, desk, cause }: { options: AgentOptions; desk: Desk; cause: Cause | undefined },
): ModelCall[] {
  if (desk.access.kind === "metered") return [];
  const isSilent = Object.values(said.usage).every((count) => count === 0);
  const end = cause !== undefined && isCallEnd(cause.kind) ? cause.kind : "ok";
  if (isSilent && end === "ok") return [];
  const model = said.model ?? options.settings.model ?? options.name;
  return [{ model, end, usage: isSilent ? NO_USAGE : said.usage, wallMs: exit.resources.wallSeconds * 1000 }];
}

function isCallEnd(kind: Cause["kind"]): kind is ModelCall["end"] {
  return kind !== "stalled" && kind !== "too_long" && kind !== "ended";
}
