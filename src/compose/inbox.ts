/** Orders of the user to the run at work here: one file each, so that any process can give one and none is lost. */

import { randomUUID } from "node:crypto";
import { watch } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ideaSchema } from "../core/ledger.ts";

const orderSchema = z.discriminatedUnion("kind", [
  /** `stop`: at once. `finish`: no new experiments, prove what was found. */
  z.object({ kind: z.enum(["pause", "finish", "stop"]) }),
  z.object({ kind: z.literal("tell"), text: z.string().trim().min(1).max(4000) }),
  z.object({ kind: z.literal("add_idea"), idea: ideaSchema }),
]);
export type Order = z.output<typeof orderSchema>;

const FOLDER = "inbox";
const ORDER_FILE = /^[\w-]+\.json$/;

/** Leaves an order in a study's folder; a run that is at work obeys within moments, else the next one does at its start. */
export async function giveOrder(studyFolder: string, order: Order, nowMs: number): Promise<void> {
  const folder = join(studyFolder, FOLDER);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${String(nowMs).padStart(15, "0")}-${randomUUID()}.json`);
  await writeFile(`${path}.new`, JSON.stringify(order));
  await rename(`${path}.new`, path);
}

export interface Inbox {
  /** Obeys what has come in. Calls are put in line. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** `obey` is called once per order, in the order of their giving; the file goes when it has returned. */
export async function openInbox(
  studyFolder: string,
  parts: { obey: (order: Order) => Promise<void>; onError: (error: unknown) => void },
): Promise<Inbox> {
  const folder = join(studyFolder, FOLDER);
  await mkdir(folder, { recursive: true });
  let looking: Promise<void> = Promise.resolve();
  const look = () => {
    looking = looking.then(() => obeyAll(folder, parts.obey)).catch(parts.onError);
    return looking;
  };
  // Some file systems tell nothing: the heartbeat looks too.
  const watcher = watch(folder, { persistent: false }, () => void look());
  watcher.on("error", () => undefined);
  await look();
  return {
    look,
    async close() {
      watcher.close();
      await looking;
    },
  };
}

async function obeyAll(folder: string, obey: (order: Order) => Promise<void>): Promise<void> {
  for (const name of (await readdir(folder)).filter((each) => ORDER_FILE.test(each)).sort()) {
    const path = join(folder, name);
    const order = orderSchema.safeParse(jsonOf(await readFile(path, "utf8").catch(() => "")));
    if (order.success) await obey(order.data);
    // Not an order of ours: kept for whoever wrote it, out of the way.
    if (order.success) await rm(path, { force: true });
    else await rename(path, `${path}.unreadable`).catch(() => undefined);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
