/** How much other work ran on the machine beside a command: what disturbs a duration, whoever caused it. */

import type { Resources } from "../core/metric.ts";

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
    const after = busyCpuSeconds();
    const isKnown = before !== undefined && after !== undefined && own.cpuSeconds !== undefined;
    if (!isKnown || own.wallSeconds < MIN_WALL_SECONDS) return own;
    const foreignCores = Math.max(0, after - before - own.cpuSeconds) / own.wallSeconds;
    return { ...own, foreignCores };
  };
}
