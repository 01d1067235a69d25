/** `nightlab demo`: the main job on the bundled microgpt target, without any key, in about a minute. */

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { makeDemoStudy, withOwnNode } from "../../compose/demo-study.ts";
import { parseOptions } from "../options.ts";
import { printLines } from "../print.ts";
import { work } from "./run.ts";

const demoOptions = z.object({
  cwd: z.string(),
  json: z.boolean().default(false),
  seconds: z.coerce.number().int().min(20, "at least 20").max(86_400),
  seed: z.coerce.number().int().positive().max(2147483647).optional(),
  keep: z.string().optional(),
});

export async function demo(raw: unknown): Promise<void> {
  const { cwd, json, seconds, seed, keep } = parseOptions(demoOptions, raw, "demo");
  const folder = keep === undefined ? await mkdtemp(join(tmpdir(), "nightlab-demo-")) : resolve(cwd, keep);
  await makeDemoStudy("microgpt", folder, seconds);
  if (!json) {
    printLines([
      "A small GPT learns to spell first names. nightlab searches settings that lower its val_bpb,",
      `keeps what beats noise and proves the result on names it never used. Repository: ${folder}`,
      "",
    ]);
  }
  await work(
    { json },
    {
      cwd: folder,
      mode: { kind: "start", tag: "demo" },
      environment: withOwnNode(process.env),
      ...(seed === undefined ? {} : { studySeed: seed }),
    },
  );
}
