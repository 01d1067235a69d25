/** A sign of life beside the ledger: what the process at work is doing now, for whoever looks from outside. */

import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Budget } from "../core/program.ts";

export interface Heartbeat {
  readonly pid: number;
  readonly run: string;
  readonly atMs: number;
  /** What happens now, by experiment id; `run` is the run itself. */
  readonly stages: Readonly<Record<string, string>>;
  /** Limits in force, those of the command line included. */
  readonly budget: Budget;
  /** Of all models together, over the last 1, 5 and 60 minutes; absent where no model is asked. */
  readonly tokensPerSecond?: readonly [number, number, number];
}

const FILE = "heartbeat.json";

export async function beat(studyFolder: string, heartbeat: Heartbeat): Promise<void> {
  const path = join(studyFolder, FILE);
  await writeFile(`${path}.new`, `${JSON.stringify(heartbeat)}\n`);
  await rename(`${path}.new`, path);
}

/** The last beat of process `pid`; undefined when there is none, or it is of another process. */
export async function lastBeat(studyFolder: string, pid: number): Promise<Heartbeat | undefined> {
  try {
    const found = JSON.parse(await readFile(join(studyFolder, FILE), "utf8")) as Heartbeat;
    return found.pid === pid ? found : undefined;
  } catch {
    return undefined; // half a file, or none yet: the ledger still speaks
  }
}
