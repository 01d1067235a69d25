/** What `nightlab doctor` looks at: Node, git, sandbox, program.md, ledger. Changes nothing. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UsageError } from "../core/errors.ts";
import { loadProgram } from "../program/load.ts";
import { detectSandbox } from "../sandbox/detect.ts";
import { locateStudy, readStudy } from "./read-study.ts";
import { ownUid, type StudyPlace } from "./surroundings.ts";

/** `bad` keeps nightlab from working here; `note` is good to know. */
export interface Finding {
  readonly state: "good" | "note" | "bad";
  readonly name: string;
  readonly detail: string;
  readonly lines?: readonly string[];
  readonly next?: string;
}

export async function examine(cwd: string): Promise<Finding[]> {
  const findings = [node(), await gitProgram(), await sandbox()];
  const place = await locateStudy(cwd).catch(failed("repository"));
  if ("state" in place) return [...findings, place];
  return [...findings, repository(place), program(place), await ledger(place)];
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

async function sandbox(): Promise<Finding> {
  const { sandbox: found, reason } = await detectSandbox("auto", ownUid());
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

function repository({ repository: found }: StudyPlace): Finding {
  const { root, isDirty, hasSubmodules } = found;
  const notes = [
    ...(isDirty ? ["uncommitted changes are not part of the baseline: a run starts from HEAD"] : []),
    ...(hasSubmodules ? ["submodules are not checked out in workspaces"] : []),
  ];
  return { state: notes.length === 0 ? "good" : "note", name: "repository", detail: root, lines: notes };
}

function program(place: StudyPlace): Finding {
  try {
    const { metric, measure, inferred } = loadProgram(place.programPath);
    const lines = inferred.map((text) => `inferred: ${text}`);
    return {
      state: "good",
      name: "program.md",
      detail: `${metric.goal} ${metric.name} with \`${measure}\``,
      lines,
    };
  } catch (error) {
    return failed("program.md")(error);
  }
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
