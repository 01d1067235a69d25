/** `nightlab tell` and `idea`: words of the user to the researchers of a run. */

import { giveOrder, type Order } from "../../compose/inbox.ts";
import { atWork, findStudy, readStudy } from "../../compose/read-study.ts";
import { systemClock } from "../../compose/surroundings.ts";
import { UsageError } from "../../core/errors.ts";
import { printJson, printLines } from "../print.ts";

interface TellOptions {
  readonly cwd: string;
  readonly json?: boolean;
}

const MAX_CHARACTERS = 4000;

export async function tell(text: string, options: TellOptions): Promise<void> {
  await give(
    options,
    { kind: "tell", text: checked(text, 'nightlab tell "stop widening the model"') },
    "told",
  );
}

export async function idea(title: string, options: TellOptions & { why?: string }): Promise<void> {
  const said = checked(title, 'nightlab idea "RMSNorm before attention"');
  await give(options, { kind: "add_idea", idea: { title: said, why: options.why ?? "" } }, "added");
}

function checked(text: string, example: string): string {
  const said = text.trim();
  if (said === "" || said.length > MAX_CHARACTERS)
    throw new UsageError(`the text has ${said.length} characters; 1 to ${MAX_CHARACTERS} will do`, {
      next: example,
    });
  return said;
}

async function give({ cwd, json = false }: TellOptions, order: Order, done: string): Promise<void> {
  const place = await findStudy(cwd);
  const { study } = await readStudy(place);
  if (study.runs.length === 0) throw new UsageError("there is no run here", { next: "nightlab run" });
  await giveOrder(place.folder, order, systemClock.now());
  const worker = await atWork(place.folder);
  if (json) return printJson({ order, isAtWork: worker !== undefined });
  const when =
    worker === undefined
      ? "the next run or resume reads it first"
      : `every later brief of run ${worker.run} says so`;
  printLines([`${done}: ${when}`]);
}
