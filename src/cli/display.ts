/** Shows a run while it works: a live picture in a terminal, plain lines elsewhere, one JSON value per line on request. */

import type { ReportFiles } from "../compose/reports.ts";
import { systemClock } from "../compose/surroundings.ts";
import type { Listeners, OpenRun } from "../compose.ts";
import type { LedgerLine } from "../core/ledger.ts";
import type { Study } from "../core/study.ts";
import { makeStudyView, type StudyView } from "../view/study-view.ts";
import { nextLines } from "./print.ts";
import { plainLine } from "./terminal/describe-event.ts";
import { LiveDisplay, lookFor } from "./terminal/live-display.ts";
import { renderProgress } from "./terminal/progress.ts";
import { renderStatus } from "./terminal/status.ts";

export interface Display {
  readonly listeners: Listeners;
  start(run: OpenRun): void;
  /** A line for the user that stays. */
  say(text: string): void;
  end(end: { readonly kind: string; readonly reason: string }): void;
  summary(files: ReportFiles): void;
  close(): void;
}

export function openDisplay({ json }: { readonly json: boolean }): Display {
  if (json) return jsonDisplay();
  const look = lookFor(process.stdout, process.env);
  return look.isLive ? liveDisplay() : plainDisplay();
}

function jsonDisplay(): Display {
  const write = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    listeners: { onLine: ({ number, atMs, event }) => write({ number, atMs, ...event }) },
    start: () => undefined,
    say: (text) => process.stderr.write(`${text}\n`),
    end: () => undefined,
    summary: ({ view, paths }) => write({ kind: "summary", run: view.run, paths }),
    close: () => undefined,
  };
}

function plainDisplay(): Display {
  const write = (text: string) => process.stdout.write(`${text}\n`);
  return {
    listeners: {
      onLine: (line, study) => {
        const text = plainLine(line, study);
        if (text !== undefined) write(text);
      },
    },
    start: ({ lab, sandboxReason }) => write(`sandbox: ${lab.parts.sandbox.name} (${sandboxReason})`),
    say: write,
    end: ({ kind, reason }) => write(`${kind}: ${reason}`),
    summary: (files) => write(summaryLines(files).join("\n")),
    close: () => undefined,
  };
}

function liveDisplay(): Display {
  const live = new LiveDisplay({ screen: process.stdout, clock: systemClock });
  let current: { study: Study; run?: OpenRun } | undefined;
  const view = (): StudyView | undefined => {
    if (current === undefined) return undefined;
    const { study, run } = current;
    const known = run === undefined ? {} : { budget: run.lab.parts.budget, stages: run.stages };
    return makeStudyView(study, systemClock.now(), { isAlive: true, ...known });
  };
  const draw = () =>
    live.update((columns) => {
      const shown = view();
      return shown === undefined
        ? []
        : renderProgress(shown, { ...lookFor(process.stdout, process.env), columns });
    });
  const ticking = setInterval(draw, 500); // clocks and budget bars move while nothing else does
  return {
    listeners: {
      onLine: (_line: LedgerLine, study: Study) => {
        current = { ...current, study };
        draw();
      },
      onStage: draw,
      onPoint: draw,
    },
    start: (run) => {
      current = { study: run.lab.study, run };
      live.print(`sandbox: ${run.lab.parts.sandbox.name} (${run.sandboxReason})`);
    },
    say: (text) => live.print(text),
    end: draw,
    summary: (files) => {
      clearInterval(ticking);
      live.close();
      process.stdout.write(`\n${summaryLines(files).join("\n")}\n`);
    },
    close: () => {
      clearInterval(ticking);
      live.close();
    },
  };
}

/** What a finished or paused run leaves on the screen. */
function summaryLines({ view, paths }: ReportFiles): string[] {
  const look = lookFor(process.stdout, process.env);
  const written = paths.map((path) => `written: ${path}`);
  return [...renderStatus(view, look), "", ...written, ...nextLines(view)];
}
