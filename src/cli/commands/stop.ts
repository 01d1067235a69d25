/** `nightlab stop`: asks the process that holds the ledger to pause or to finish. */

import { findStudy, readStudy } from "../../compose/read-study.ts";
import { UsageError } from "../../core/errors.ts";
import { printJson, printLines } from "../print.ts";

export async function stop(options: { cwd: string; json?: boolean; finish?: boolean }): Promise<void> {
  const { holder } = await readStudy(await findStudy(options.cwd));
  if (holder === undefined) throw new UsageError("no run is at work here", { next: "nightlab status" });
  // The lock is held by a living process, so this pid is not a reused one.
  process.kill(holder.pid, options.finish ? "SIGUSR2" : "SIGINT");
  const what = options.finish ? "finishing" : "pausing";
  if (options.json) return printJson({ what, pid: holder.pid, run: holder.run });
  printLines([`${what} run ${holder.run} (process ${holder.pid}): what is in flight finishes first`]);
}
