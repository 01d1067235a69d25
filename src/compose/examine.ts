/** What `nightlab doctor` looks at: Node, git, sandbox, program.md, ledger. Changes nothing. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { UsageError } from "../core/errors.ts";
import type { Program } from "../core/program.ts";
import type { Sandbox } from "../core/sandbox.ts";
import { channelOf } from "../loop/reported.ts";
import { editableIn } from "../program/glob.ts";
import { loadProgram } from "../program/load.ts";
import { detectSandbox } from "../sandbox/detect.ts";
import { channelSentence, strongerChannel, trustOf } from "../view/channel-words.ts";
import { type AgentReport, agentLine, examineAgents } from "./examine-agents.ts";
import { locateStudy, readStudy } from "./read-study.ts";
import { ownUid, type StudyPlace, type UserEnvironment } from "./surroundings.ts";

/** `bad` keeps nightlab from working here; `note` is good to know. */
export interface Finding {
  readonly state: "good" | "note" | "bad";
  readonly name: string;
  readonly detail: string;
  readonly lines?: readonly string[];
  readonly next?: string;
  /** Of the finding `agents`. */
  readonly agents?: readonly AgentReport[];
}

export async function examine(cwd: string, environment: UserEnvironment = {}): Promise<Finding[]> {
  const { sandbox: inForce, reason } = await detectSandbox("auto", ownUid());
  const findings = [node(), await gitProgram(), walls(inForce, reason), await agents(environment)];
  const place = await locateStudy(cwd).catch(failed("repository"));
  if ("state" in place) return [...findings, place];
  return [...findings, repository(place), ...program(place, inForce), await ledger(place)];
}

function node(): Finding {
  return { state: "good", name: "node", detail: process.versions.node };
}

async function gitProgram(): Promise<Finding> {
  try {
    const { stdout } = await promisify(execFile)("git", ["--version"]);
    return { state: "good", name: "git", detail: stdout.trim().replace("git version ", "") };
  } catch {
    return {
      state: "bad",
      name: "git",
      detail: "not found on PATH",
      next: "apt install git, or your system's way",
    };
  }
}

function walls(found: Sandbox, reason: string): Finding {
  const { covered, notCovered } = found.containment;
  return {
    state: found.name === "process" ? "note" : "good",
    name: "sandbox",
    detail: `${found.name} (${reason})`,
    lines: [
      ...covered.map((text) => `contained: ${text}`),
      ...notCovered.map((text) => `not contained: ${text}`),
    ],
  };
}

/** None is needed: the tuner works without. */
async function agents(environment: UserEnvironment): Promise<Finding> {
  const reports = await examineAgents(environment);
  const ready = reports.filter(({ program, access }) => program !== undefined && access.kind !== "none");
  const names = ready.map(({ agent }) => agent).join(", ");
  const detail =
    ready.length === 0 ? "none can be employed; the tuner needs none" : `${names} can be employed`;
  const state = ready.length === 0 ? "note" : "good";
  return { state, name: "agents", detail, lines: reports.map(agentLine), agents: reports };
}

function repository({ repository: found }: StudyPlace): Finding {
  const { root, isDirty, hasSubmodules } = found;
  const notes = [
    ...(isDirty ? ["uncommitted changes are not part of the baseline: a run starts from HEAD"] : []),
    ...(hasSubmodules ? ["submodules are not checked out in workspaces"] : []),
  ];
  return { state: notes.length === 0 ? "good" : "note", name: "repository", detail: root, lines: notes };
}

function program(place: StudyPlace, inForce: Sandbox): Finding[] {
  try {
    const read = loadProgram(place.programPath);
    const { metric, measure, inferred } = read;
    const lines = inferred.map((text) => `inferred: ${text}`);
    const detail = `${metric.goal} ${metric.name} with \`${measure}\``;
    return [{ state: "good", name: "program.md", detail, lines }, trust(read, place, inForce)];
  } catch (error) {
    return [failed("program.md")(error)];
  }
}

/** How far the numbers of this program can be trusted. */
function trust(read: Program, place: StudyPlace, inForce: Sandbox): Finding {
  const channel = channelOf(read, { isEvaluated: read.evaluate !== undefined });
  const doubts = channel === "descriptor" ? descriptorDoubts(read, place, inForce) : [];
  return {
    state: trustOf(channel) === "weak" || doubts.length > 0 ? "note" : "good",
    name: "channel",
    detail: channelSentence(channel).replace(/^Channel: /, ""),
    lines: [...doubts, ...strongerChannel(channel)],
  };
}

function descriptorDoubts(read: Program, { repository: { root } }: StudyPlace, inForce: Sandbox): string[] {
  // Where all may be edited, the word `sh` is covered too: it counts if there is such a file.
  const isThere = (path: string) => existsSync(join(root, path));
  const named = editableIn(read.measure, read)
    .filter(isThere)
    .map((path) => `\`${path}\``);
  // Only the filter of system calls keeps processes of one command out of each other.
  const isFiltered = inForce.containment.covered.some((text) => text.startsWith("system calls:"));
  const isOpen = read.sandbox === "process" || !isFiltered;
  return [
    ...(named.length === 0
      ? []
      : [
          `\`measure\` names ${named.join(", ")}, which candidates may edit: what it starts by itself holds the descriptor, and is as weak as stdout.`,
        ]),
    ...(isOpen
      ? [
          "Without a filter of system calls (the process sandbox has none) a candidate can trace the command and take its descriptor; bubblewrap keeps it out where doctor says so.",
        ]
      : []),
  ];
}

async function ledger(place: StudyPlace): Promise<Finding> {
  try {
    const { lines, holder } = await readStudy(place);
    const who =
      holder === undefined ? "no run is at work" : `run ${holder.run} is at work (process ${holder.pid})`;
    return { state: "good", name: "ledger", detail: `${lines.length} lines, all readable; ${who}` };
  } catch (error) {
    return failed("ledger")(error);
  }
}

function failed(name: string): (error: unknown) => Finding {
  return (error) => {
    const detail = error instanceof Error ? error.message : String(error);
    return { state: "bad", name, detail, ...(error instanceof UsageError ? { next: error.next } : {}) };
  };
}
