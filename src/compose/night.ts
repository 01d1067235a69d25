/** What a run does beside its work: it obeys orders from outside and shows that it is alive. Part of the composition root. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Throughput } from "../gateway/throughput.ts";
import type { Lab, LabParts } from "../loop/lab.ts";
import { USER } from "../loop/queue.ts";
import type { Control } from "../loop/run-study.ts";
import { beat } from "./heartbeat.ts";
import { type Inbox, type Order, openInbox } from "./inbox.ts";
import { viewKeeper } from "./keep-view.ts";
import type { StudyFolder } from "./surroundings.ts";

/** What a caller of a run wants to hear of it. */
export type Listeners = Pick<LabParts, "onLine" | "onStage" | "onPoint">;

/** Events after which the run itself is at nothing special. */
const RUN_STAGE_ENDS: readonly string[] = ["calibrated", "promotion_judged", "published", "final_judged"];

/** Listeners that keep `stages` and the notebook's file up to date before they tell `listeners`. */
export function withStages(
  listeners: Listeners,
  { stages, studyFolder }: { stages: Map<string, string>; studyFolder: string },
): Listeners {
  return {
    onLine: (line, study) => {
      if (line.event.kind === "noted") {
        // A view for people; the ledger holds the text.
        void writeFile(join(studyFolder, "notebook.md"), `${line.event.text}\n`).catch(() => undefined);
      }
      if (line.event.kind === "closed") stages.delete(line.event.experiment);
      if (RUN_STAGE_ENDS.includes(line.event.kind)) stages.delete("run");
      listeners.onLine?.(line, study);
    },
    onStage: (experiment, stage) => {
      stages.set(experiment, stage);
      listeners.onStage?.(experiment, stage);
    },
    onPoint: (request, point) => {
      const seen = Object.entries(point.values).map(([name, value]) => `${name} ${value}`);
      if (request.experiment !== undefined)
        stages.set(request.experiment, `step ${point.step}: ${seen.join(", ")}`);
      listeners.onPoint?.(request, point);
    },
  };
}

const BEAT_MS = 1000;

export interface Night {
  /** The given control, with what orders add to it. */
  readonly control: Control;
  close(): Promise<void>;
}

export interface NightParts {
  readonly lab: Lab;
  readonly place: StudyFolder;
  readonly control: Control;
  readonly stages: ReadonlyMap<string, string>;
  /** Of all models together, by minutes. */
  readonly throughput?: (() => Throughput) | undefined;
}

export async function openNight(parts: NightParts): Promise<Night> {
  const { lab, place, control } = parts;
  const [pause, finish, stop] = [new AbortController(), new AbortController(), new AbortController()];
  const obey = async (order: Order) => {
    switch (order.kind) {
      case "tell":
        return await lab.record({ kind: "told", run: lab.tag, text: order.text });
      case "add_idea":
        return await lab.record({ kind: "ideas_added", run: lab.tag, by: USER, ideas: [order.idea] });
      case "stop":
        stop.abort(new Error("stopped by the user"));
        return pause.abort();
      case "pause":
        return pause.abort();
      case "finish":
        return finish.abort();
      default:
        order satisfies never;
    }
  };
  // A ledger that cannot be written ends the run at its next line; the order stays in its file.
  const inbox = await openInbox(place.folder, { obey, onError: () => undefined });
  const heart = startHeart(parts, inbox);
  return {
    control: {
      pause: AbortSignal.any([control.pause, pause.signal]),
      finish: AbortSignal.any([control.finish, finish.signal]),
      stop: AbortSignal.any([control.stop, stop.signal]),
    },
    async close() {
      await heart.close();
      await inbox.close();
    },
  };
}

/** A full disk must not end a run by its sign of life: a beat that cannot be written is left out. */
function startHeart({ lab, place, stages, throughput }: NightParts, inbox: Inbox) {
  const keepView = viewKeeper(place, lab.study);
  let beating: Promise<unknown> = Promise.resolve();
  const once = (after: () => Promise<void>) => {
    const { tag: run, parts } = lab;
    const read = throughput?.();
    const heartbeat = {
      ...{ pid: process.pid, run, atMs: parts.clock.now(), stages: Object.fromEntries(stages) },
      budget: parts.budget,
      ...(read === undefined ? {} : { tokensPerSecond: ratesOf(read) }),
    };
    beating = beat(place.folder, heartbeat)
      .catch(() => undefined)
      .then(after)
      .then(() => inbox.look());
  };
  once(async () => undefined); // the start of a long study does not wait for a view of it
  const ticking = setInterval(() => once(keepView), BEAT_MS);
  ticking.unref();
  return {
    async close() {
      clearInterval(ticking);
      await beating;
    },
  };
}

function ratesOf(read: Throughput): [number, number, number] {
  return [read[1].totalPerSecond, read[5].totalPerSecond, read[60].totalPerSecond];
}
