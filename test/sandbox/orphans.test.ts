import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { hasProc } from "../../src/sandbox/process-tree.ts";

const PROCESS = join(import.meta.dirname, "..", "..", "src", "sandbox", "process.ts");

/** A nightlab in small: one command in the process sandbox, which says its own process id. */
const HOST = `
const { ProcessSandbox } = await import(${JSON.stringify(PROCESS)});
const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };
const command = { line: "echo $$; sleep 30", cwd: "/", env, writable: [], readable: [], hidden: [], onLine: (text) => console.log(text) };
await new ProcessSandbox().exec(command, { timeMs: 60000, outputBytes: 1000, network: "host" }, new AbortController().signal);
`;

test.runIf(hasProc)("a command ends when the nightlab that started it is killed", async () => {
  const host = spawn(process.execPath, ["--input-type=module", "--eval", HOST], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const pid = await new Promise<string>((resolve) =>
      host.stdout.once("data", (bytes: Buffer) => resolve(bytes.toString().trim())),
    );
    expect(pid).toMatch(/^\d+$/);
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    host.kill("SIGKILL");
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 5000 });
  } finally {
    host.kill("SIGKILL");
  }
});

/** A zombie that nobody has collected yet does not run. */
function isRunning(pid: string): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  return !/^State:\s+Z/m.test(execFileSync("cat", [`/proc/${pid}/status`], { encoding: "utf8" }));
}
