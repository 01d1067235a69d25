/** A nightlab in small that can be killed, and what is left of its command. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { readAll, readOf } from "../../src/sandbox/proc.ts";

const DETECT = join(import.meta.dirname, "..", "..", "src", "sandbox", "detect.ts");

/** A nightlab in small: one command of `study` in a sandbox, which prints what the command prints. */
export function startHost(command: { wish: string; study: string; line: string; cwd: string }) {
  const host = `
    const { detectSandbox } = await import(${JSON.stringify(DETECT)});
    const { wish, study, line, cwd } = ${JSON.stringify(command)};
    const { sandbox } = await detectSandbox(wish, process.getuid(), { study });
    process.stdout.write("ready\\n");
    const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };
    const onLine = (text) => process.stdout.write(text + "\\n");
    const about = { line, cwd, env, writable: [cwd], readable: [], hidden: [], onLine };
    await sandbox.exec(about, { timeMs: 60000, outputBytes: 1000, network: "host" }, new AbortController().signal);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", host], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const until = (text: string) =>
    vi.waitFor(() => expect(said).toContain(text), { timeout: 15_000, interval: 2 });
  return { child, until };
}

/** Two children: one in the group of the command, one that left its session and its parent. */
export const LEAVES_TWO = (token: string) =>
  `sleep 7${token} & (setsid sleep 8${token} </dev/null >/dev/null 2>&1 &) ; sleep 0.1; echo up; wait`;

export function commandLines(): { pid: number; line: string }[] {
  return readAll()
    .filter(({ state }) => state !== "Z")
    .map(({ pid }) => ({ pid, line: (readOf(pid, "cmdline") ?? "").replaceAll("\0", " ") }));
}

export const sleepers = (token: string) =>
  commandLines().filter(({ line }) => line.startsWith("sleep ") && line.includes(token));
export const namesIn = (token: string) =>
  sleepers(token)
    .map(({ line }) => line.trim())
    .sort();
