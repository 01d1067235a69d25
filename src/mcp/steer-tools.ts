/** The tools that steer a run, by the same orders as the command line. Offered only where the user said so. */

import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { giveOrder, type Order } from "../compose/inbox.ts";
import { atWork, findStudy, readStudy } from "../compose/read-study.ts";
import { systemClock } from "../compose/surroundings.ts";
import { UsageError } from "../core/errors.ts";
import { type Answer, answer, answered } from "./answer.ts";

const WRITES = { readOnlyHint: false, destructiveHint: false, openWorldHint: false };

const told = z.object({ text: z.string().trim().min(1).max(4000) });
const added = z
  .object({
    title: z.string().trim().min(1).max(300),
    why: z.string().max(2000).default(""),
    gain: z.number().optional().describe("expected gain in units of the metric, positive is better"),
    probability: z.number().min(0).max(1).optional().describe("that it is kept"),
  })
  .refine(({ gain, probability }) => (gain === undefined) === (probability === undefined), {
    message: "gain and probability make a forecast: give both or neither",
  });

export function addSteerTools(server: McpServer, cwd: string): void {
  const config = (description: string) => ({ description, annotations: WRITES });
  server.registerTool(
    "tell",
    { ...config("Guidance that every later brief of the researchers carries."), inputSchema: told },
    ({ text }) => answered(() => give(cwd, { kind: "tell", text })),
  );
  server.registerTool(
    "add_idea",
    { ...config("Puts an idea into the queue of the run."), inputSchema: added },
    ({ title, why, gain, probability }) => {
      const forecast =
        gain === undefined || probability === undefined ? {} : { forecast: { gain, probability } };
      return answered(() => give(cwd, { kind: "add_idea", idea: { title, why, ...forecast } }));
    },
  );
  const nothing = z.object({});
  server.registerTool(
    "pause",
    { ...config("Pauses the run at work; what is in flight finishes first."), inputSchema: nothing },
    () => answered(() => end(cwd, "pause")),
  );
  server.registerTool(
    "finish",
    { ...config("Ends the search of the run at work and proves what was found."), inputSchema: nothing },
    () => answered(() => end(cwd, "finish")),
  );
}

async function give(cwd: string, order: Order): Promise<Answer> {
  const place = await findStudy(cwd);
  const { study } = await readStudy(place);
  if (study.runs.length === 0) throw new UsageError("there is no run here", { next: "nightlab run" });
  await giveOrder(place.folder, order, systemClock.now());
  const worker = await atWork(place.folder);
  return answer({
    order,
    isAtWork: worker !== undefined,
    ...(worker === undefined ? {} : { run: worker.run }),
  });
}

/** Not left for a later run, as words are: it would end as soon as it began. */
async function end(cwd: string, kind: "pause" | "finish"): Promise<Answer> {
  const place = await findStudy(cwd);
  const { holder } = await readStudy(place);
  if (holder === undefined) throw new UsageError("no run is at work here", { next: "nightlab status" });
  await giveOrder(place.folder, { kind }, systemClock.now());
  return answer({ order: { kind }, run: ((await atWork(place.folder)) ?? holder).run });
}
