/** The folder of workspaces as a small disk of its own, which a candidate can fill. Needs root on Linux. */

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

export const canMount = process.platform === "linux" && process.getuid?.() === 0;

/** For `before` of an attack: gives the function that takes the disk away again. */
export function onSmallDisk(options: string): (scene: { folder: string }) => () => void {
  return ({ folder }) => {
    const state = join(folder, "state");
    mkdirSync(state);
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", state]);
    return () => void execFileSync("umount", ["--lazy", state]);
  };
}
