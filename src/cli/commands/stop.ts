/** `nightlab stop`: asks the process that holds the ledger to pause or to finish. */

import { atWork, findStudy, readStudy } from "../../compose/read-study.ts";
import { UsageError } from "../../core/errors.ts";
import { printJson, printLines } from "../print.ts";

export async function stop(options: { cwd: string; json?: boolean; finish?: boolean }): Promise<void> {
  const place = await findStudy(options.cwd);
  const { holder } = await readStudy(place);
  if (holder === undefined) throw new UsageError("no run is at work here", { next: "nightlab status" });
  // The lock is held by a living process, so this pid is not a reused one.
  process.kill(holder.pid, options.finish ? "SIGUSR2" : "SIGINT");
  const what = options.finish ? "finishing" : "pausing";
  const { run } = (await atWork(place.folder)) ?? holder;
  if (options.json) return printJson({ what, pid: holder.pid, run });
  printLines([`${what} run ${run} (process ${holder.pid}): what is in flight finishes first`]);
}
