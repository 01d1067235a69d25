/** Where files have run out, git waits for some to be closed, and says so when none are. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const SOURCE = join(import.meta.dirname, "..", "..", "src");

/** Asks a git session while every file of the process is open; `afterMs` later some are closed. */
function askWithoutFiles(afterMs: number | undefined): { said: string; code: number | null } {
  const script = `
    import { closeSync, openSync } from "node:fs";
    const { GitSession } = await import(${JSON.stringify(join(SOURCE, "workspace", "git-session.ts"))});
    const { runGit } = await import(${JSON.stringify(join(SOURCE, "workspace", "git.ts"))});
    const { groundOf } = await import(${JSON.stringify(join(SOURCE, "cli", "ground.ts"))});
    const session = new GitSession(["hash-object", "--stdin-paths", "--no-filters"], { cwd: "/", env: {} });
    const line = (text) => (text.includes("\\n") ? text.indexOf("\\n") + 1 : undefined);
    const held = [];
    try { for (;;) held.push(openSync("/dev/null")); } catch {}
    const tell = (end) =>
      end.status === "fulfilled" ? "answered" : end.reason.name + ": " + groundOf(end.reason)?.what;
    const ends = Promise.allSettled([
      session.ask("/dev/null\\n", line),
      session.ask("/dev/null\\n", line),
      runGit(["--version"], { cwd: "/" }),
    ]);
    const afterMs = ${afterMs};
    if (afterMs !== undefined) setTimeout(() => held.splice(0).forEach((file) => closeSync(file)), afterMs);
    const first = (await ends).map(tell);
    for (const file of held.splice(0)) closeSync(file);
    const last = (await Promise.allSettled([session.ask("/dev/null\\n", line)])).map(tell);
    console.log([...first, ...last].join("\\n"));
    session.close();`;
  const command = `ulimit -n 40 && exec "$0" --input-type=module --eval "$1"`;
  const { stdout, stderr, status } = spawnSync("sh", ["-c", command, process.execPath, script], {
    encoding: "utf8",
  });
  return { said: stdout + stderr, code: status };
}

it("git starts as soon as files are closed", () => {
  expect(askWithoutFiles(200)).toEqual({ said: `${Array(4).fill("answered").join("\n")}\n`, code: 0 });
});

it("says what has run out where none are, and starts once there are some again", () => {
  const error = "InfrastructureError: too many files are open";
  expect(askWithoutFiles(undefined)).toEqual({ said: `${error}\n${error}\n${error}\nanswered\n`, code: 0 });
});
