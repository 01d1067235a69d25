/** Fills what the front matter leaves open: from the prose, from known names, from defaults. Checks keys against each other. */

import type { Program, ResearcherSpec } from "../core/program.ts";
import { type Given, listed, missingKey, type Notes } from "./given.ts";
import { coveringGlob, isGlob, normalGlob } from "./glob.ts";
import { settleMetric } from "./metric-settings.ts";
import type { Finding } from "./problem.ts";
import { type Files, guessCommand, guessFiles, guessTime, tellTime } from "./prose.ts";
import type { Written } from "./schema.ts";
import { STEERING } from "./steering.ts";

export type Settings = Omit<Program, "path" | "source" | "sections" | "roles" | "ideas">;

/** What a candidate must never change, whatever the program says: the program, roles, and what steers git. */
export function alwaysProtected(fileName: string): string[] {
  return [
    fileName,
    "roles/**",
    "**/.gitattributes",
    "**/.gitignore",
    "**/.gitmodules",
    "**/.git/**",
    ".nightlab/**",
  ];
}

/** Settings are complete when `findings` holds no error. `inferred` are sentences. */
export function settle(given: Given): { settings?: Settings; findings: Finding[] } {
  const notes: Notes = { findings: [], inferred: [] };
  const files = filesOf(given, notes);
  const measure = measureOf(given, files, notes);
  const metric = settleMetric({ ...given, measure }, notes);
  const { written } = given;
  checkTogether(given, notes.findings);
  const limits = limitsOf(given, notes);
  const researchers = researchersOf(given, notes);
  if (!files || measure === undefined || !metric) return { findings: notes.findings };
  const { constraints = [], artifact = [], link = [], copy = [], env = {}, pass_env: passEnv = [] } = written;
  const settings: Settings = {
    metric,
    constraints,
    measure,
    ...optional(written),
    artifact: artifact.map((path) => normalGlob(path)),
    holdoutFiles: written.holdout_files ?? [],
    ...files,
    link,
    copy,
    env,
    passEnv,
    limits,
    sandbox: written.sandbox ?? "auto",
    budget: budgetOf(given, notes),
    risk: written.risk ?? "balanced",
    parallel: written.parallel ?? 1,
    researchers,
    prices: written.prices ?? {},
    inferred: notes.inferred,
  };
  return { settings, findings: notes.findings };
}

function filesOf(given: Given, notes: Notes): (Files & Pick<Program, "steering">) | undefined {
  const guess = guessFiles(given.prose);
  const { written } = given;
  const edit = written.edit?.map(normalGlob) ?? guess.edit;
  const always = alwaysProtected(given.fileName);
  const own = written.protect?.map(normalGlob) ?? guess.protect.filter((file) => !edit.includes(file));
  if (!written.edit && edit.length > 0)
    notes.inferred.push(`edit is ${listed(edit)}, inferred from the text.`);
  if (!written.protect && own.length > 0) {
    notes.inferred.push(`protect is ${listed(own)}, inferred from the text.`);
  }
  if (edit.length === 0) {
    const cause = written.edit
      ? "`edit` is an empty list: no candidate could change anything."
      : "It is not said which files may be edited.";
    notes.findings.push({
      ...missingKey(given, "edit", cause),
      line: written.edit ? given.lineOf(["edit"]) : 1,
    });
    return undefined;
  }
  checkOverlap({ given, edit, own, always }, notes.findings);
  return { edit, protect: [...new Set([...own, ...always])], steering: STEERING };
}

function checkOverlap(
  scope: { given: Given; edit: readonly string[]; own: readonly string[]; always: readonly string[] },
  findings: Finding[],
): void {
  for (const [index, path] of scope.edit.entries()) {
    const line = scope.given.lineOf(["edit", index]);
    const covered = isGlob(path) ? undefined : coveringGlob(path, scope.own);
    const glob = scope.own.includes(path) ? path : covered;
    if (glob !== undefined) {
      const by = glob === path ? "" : ` by \`${glob}\``;
      const cause = `\`${path}\` may be edited and is protected${by}; it cannot be both.`;
      findings.push({ line, cause, fix: "Take it out of `edit` or out of `protect`." });
    } else if (scope.always.includes(path) || (!isGlob(path) && coveringGlob(path, scope.always))) {
      const cause = `\`${path}\` is always protected: the program, its roles and git's own files steer the study.`;
      findings.push({ line, cause, fix: "Take it out of `edit`." });
    }
  }
}

function measureOf(given: Given, files: Files | undefined, notes: Notes): string | undefined {
  if (given.written.measure !== undefined) return given.written.measure;
  const guess = guessCommand(given.prose, files ?? guessFiles(given.prose));
  if ("value" in guess) {
    notes.inferred.push(`measure is \`${guess.value}\`, inferred from ${guess.from}.`);
    return guess.value;
  }
  const cause =
    guess.several.length > 0
      ? `Several commands could be the one that measures: ${listed(guess.several)}.`
      : "No command that measures is written.";
  notes.findings.push(missingKey(given, "measure", cause));
  return undefined;
}

function limitsOf(given: Given, notes: Notes): Settings["limits"] {
  const limits = given.written.limits ?? {};
  const guess = given.proseOnly ? guessTime(given.prose) : undefined;
  if (guess) notes.inferred.push(tellTime(guess));
  return {
    timeMs: limits.time ?? guess?.value ?? 10 * 60_000,
    ...(limits.memory !== undefined && { memoryBytes: limits.memory }),
    network: limits.network ?? "none",
    outputBytes: limits.output ?? 50 * 1024 ** 2,
  };
}

function budgetOf(given: Given, notes: Notes): Settings["budget"] {
  const { time, ...rest } = given.written.budget ?? {};
  const budget = { ...rest, ...(time !== undefined && { timeMs: time }) };
  const said = Object.fromEntries(Object.entries(budget).filter(([, value]) => value !== undefined));
  if (Object.keys(said).length === 0)
    notes.inferred.push("No budget is written: a run goes on until you stop it.");
  return said;
}

function researchersOf(given: Given, notes: Notes): readonly ResearcherSpec[] {
  const { written, ideas } = given;
  if (!written.researchers) {
    const withPatch = ideas.some((idea) => idea.patch !== undefined);
    notes.inferred.push(
      `researchers are ${withPatch ? "ideas (they have patches) and tuner" : "tuner alone"}.`,
    );
    return withPatch ? [{ kind: "ideas" }, { kind: "tuner" }] : [{ kind: "tuner" }];
  }
  const total = written.researchers.reduce((sum, researcher) => sum + (researcher.share ?? 0), 0);
  if (total > 1 + 1e-9) {
    const cause = `The shares of the researchers add up to ${Number(total.toFixed(3))}, more than 1.`;
    notes.findings.push({
      line: given.lineOf(["researchers"]),
      cause,
      fix: "Lower them to 1 or less in all.",
    });
  }
  return written.researchers;
}

function checkTogether({ written, lineOf }: Given, findings: Finding[]): void {
  const scorer =
    written.evaluate !== undefined ? "evaluate" : written.holdout !== undefined ? "holdout" : undefined;
  if (scorer && (written.artifact ?? []).length === 0) {
    const cause = `\`${scorer}\` is set, but not which file it scores.`;
    const fix = "Add what the measure command leaves behind, such as `artifact: model.json`.";
    findings.push({ line: lineOf([scorer]), cause, fix });
  }
  const { holdout_files: hidden = [], link = [], copy = [] } = written;
  if (hidden.length > 0 && written.holdout === undefined) {
    const cause = "`holdout_files` is set, but no command that reads them.";
    const fix = "Add the command of the final test, such as `holdout: node evaluate.ts --holdout`.";
    findings.push({ line: lineOf(["holdout_files"]), cause, fix });
  }
  const shown = hidden.findIndex((path) => [...link, ...copy].some((other) => overlaps(path, other)));
  if (shown >= 0) {
    const cause = `\`${hidden[shown]}\` is held out, and \`link\` or \`copy\` shows it to every candidate.`;
    findings.push({ line: lineOf(["holdout_files", shown]), cause, fix: "Take it out of one of them." });
  }
  if (written.result_fd !== undefined && written.result_file !== undefined) {
    const cause = "`result_file` and `result_fd` are both set; a result comes one way.";
    const fix = "Keep `result_fd: 3`: a file of the workspace can be written by the candidate.";
    findings.push({ line: lineOf(["result_file"]), cause, fix });
  }
  for (const name of Object.keys(written.env ?? {})) {
    const at = { line: lineOf(["env", name]) };
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      const fix = "Write letters, digits and `_`, such as `OMP_NUM_THREADS`.";
      findings.push({ ...at, cause: `\`${name}\` cannot be the name of an environment variable.`, fix });
    } else if (name.startsWith("NIGHTLAB_")) {
      findings.push({ ...at, cause: `\`${name}\` is set by nightlab itself.`, fix: "Choose another name." });
    }
  }
}

/** One is the other, or lies in it. */
function overlaps(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => `${normalGlob(path).replace(/\/\*\*$/, "")}/`);
  return a !== undefined && b !== undefined && (a.startsWith(b) || b.startsWith(a));
}

function optional(
  written: Written,
): Partial<Pick<Program, "evaluate" | "holdout" | "resultFile" | "resultFd" | "checks" | "setup">> {
  const { evaluate, holdout, result_file: resultFile, result_fd: resultFd, checks, setup } = written;
  return {
    ...(evaluate !== undefined && { evaluate }),
    ...(holdout !== undefined && { holdout }),
    ...(resultFile !== undefined && { resultFile }),
    ...(resultFd !== undefined && { resultFd }),
    ...(checks !== undefined && { checks }),
    ...(setup !== undefined && { setup }),
  };
}
