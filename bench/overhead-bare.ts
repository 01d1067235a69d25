/** What bench/overhead.ts compares with: bare git and a bare process, and a nightlab command, as somebody would type them. */

import { type SpawnOptions, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { git } from "./overhead-study.ts";

/** Milliseconds of a process from its start to its end. Throws when it fails. */
export function timeProcess(
  file: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<number> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"], ...options });
    child.stdout?.resume();
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(performance.now() - startedMs);
      else reject(new Error(`${file} ${args.join(" ")} ended with ${code}`));
    });
  });
}

/** The metric command alone, as a shell runs it. */
export function timeCommand(repository: string, line: string): Promise<number> {
  return timeProcess("/bin/sh", ["-c", line], { cwd: repository });
}

let made = 0;

/** One experiment by hand: a worktree, an edit, a commit, a ref, the metric command, the worktree removed. */
export async function timeBareExperiment(repository: string, line: string): Promise<number> {
  made += 1;
  const folder = join(repository, "..", `bare-${process.pid}-${made}`);
  const startedMs = performance.now();
  const run = (cwd: string, ...args: string[]) =>
    timeProcess("git", ["-c", "user.name=b", "-c", "user.email=b@localhost", ...args], { cwd });
  await run(repository, "worktree", "add", "-q", "--detach", folder, "main");
  writeFileSync(join(folder, "value.txt"), `loss: ${1000 + made}\n`);
  await run(folder, "commit", "-qam", `bare ${made}`);
  await run(folder, "update-ref", `refs/bare/${process.pid}-${made}`, "HEAD");
  await timeProcess("/bin/sh", ["-c", line], { cwd: folder });
  await run(repository, "worktree", "remove", "--force", folder);
  const tookMs = performance.now() - startedMs;
  git(repository, "update-ref", "-d", `refs/bare/${process.pid}-${made}`);
  return tookMs;
}
