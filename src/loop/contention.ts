/** How much other work ran on the machine beside a command: what disturbs a duration, whoever caused it. */

import type { LedgerEvent } from "../core/ledger.ts";
import { CONTENDED_CORES, type Outcome, type Resources } from "../core/metric.ts";
import type { RunRecord } from "../core/study.ts";

/** CPU seconds that all processes of this machine have used so far, over all cores; undefined where nobody counts them. */
export type MachineCpuSeconds = () => number | undefined;

/** The kernel counts CPU time in hundredths of a second: below this a share of a core would be rounding. */
const MIN_WALL_SECONDS = 0.5;

/** Begins to watch; the result adds `foreignCores` to what the command itself used. */
export function watchMachine(
  busyCpuSeconds: MachineCpuSeconds = () => undefined,
): (own: Resources) => Resources {
  const before = busyCpuSeconds();
  return (own) => {
    if (before === undefined || own.wallSeconds < MIN_WALL_SECONDS) return own;
    const after = busyCpuSeconds();
    if (after === undefined || own.cpuSeconds === undefined) return own;
    const foreignCores = Math.max(0, after - before - own.cpuSeconds) / own.wallSeconds;
    return { ...own, foreignCores };
  };
}

const BUSY = "other work keeps";

/** Said once a run: the judge leaves such pairs out, the user may want to know why they take so long. */
export function contentionWarning(run: RunRecord, outcome: Outcome): LedgerEvent[] {
  if (!run.metric.timing || outcome.kind !== "measured") return [];
  const cores = outcome.measurement.resources.foreignCores ?? 0;
  if (cores <= CONTENDED_CORES || run.warnings.some((text) => text.startsWith(BUSY))) return [];
  const text = `${BUSY} ${cores.toFixed(1)} cores busy while a duration was measured; such pairs are measured again`;
  return [{ kind: "warning", run: run.tag, text }];
}
