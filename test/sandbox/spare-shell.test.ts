import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test, vi } from "vitest";
import { hasProc, readAll, readOf, sendTo } from "../../src/sandbox/proc.ts";
import { prepareShell, startDetached } from "../../src/sandbox/spare-shell.ts";

const PATH = "/usr/local/bin:/usr/bin:/bin";

async function run(start: { line: string; env?: Record<string, string>; cwd?: string }) {
  const { line, env = {}, cwd = "/" } = start;
  const child = startDetached({ file: "/bin/sh", args: ["-c", line], env: { PATH, ...env }, cwd });
  const [said, [code, signal]] = await Promise.all([
    child.stdout === null ? "" : text(child.stdout),
    once(child, "close"),
  ]);
  prepareShell();
  return { said, code, signal, pid: child.pid ?? 0 };
}

const alive = () => readAll().filter(({ state }) => state !== "Z");

/** Shells of this process that wait for orders: `sh` without arguments. */
const waiting = () =>
  readAll().filter(({ pid, parent }) => parent === process.pid && readOf(pid, "cmdline") === "/bin/sh\0");

test("a command gets its folder and just its environment, whatever the values hold", async () => {
  const env = { QUOTED: `it's "so" $HOME \`x\` \\ !`, LINES: "a\n\nb ", EMPTY: "" };
  for (const asked of [{}, env, env] as Record<string, string>[]) {
    const node = `"${process.execPath}" -p 'JSON.stringify([process.cwd(), process.env])'`;
    const { said } = await run({ line: node, env: asked, cwd: "/usr" });
    const [cwd, { PWD: _, SHLVL: __, ...seen }] = JSON.parse(said);
    delete seen._;
    expect(cwd).toBe("/usr");
    expect(seen).toEqual({ PATH, ...asked });
  }
});

test("stdin is empty, the exit code and the signal are the command's", async () => {
  expect(await run({ line: "cat; exit 7" })).toMatchObject({ said: "", code: 7, signal: null });
  expect(await run({ line: "kill -KILL $$" })).toMatchObject({ code: null, signal: "SIGKILL" });
  expect(await run({ line: "echo x", cwd: "/nowhere" })).toMatchObject({ said: "", code: 126 });
});

test.runIf(hasProc)(
  "the next command takes the shell that waits; one that was killed is not missed",
  async () => {
    await run({ line: "exit 0" });
    await vi.waitFor(() => expect(waiting()).toHaveLength(1));
    const pid = waiting()[0]?.pid ?? 0;
    expect(await run({ line: "echo a" })).toMatchObject({ said: "a\n", pid });
    await vi.waitFor(() => expect(waiting()).toHaveLength(1));
    const killed = waiting()[0]?.pid ?? 0;
    sendTo(killed, "SIGKILL");
    await vi.waitFor(() => expect(waiting()).toEqual([]));
    expect(await run({ line: "echo b" })).toMatchObject({ said: "b\n", code: 0 });
  },
);

test.runIf(hasProc)("a shell that waits keeps nobody alive, and dies with its nightlab", async () => {
  const module = JSON.stringify(join(import.meta.dirname, "../../src/sandbox/spare-shell.ts"));
  const host = (then: string) =>
    spawn(process.execPath, [
      "--input-type=module",
      "--eval",
      `const { prepareShell, startDetached } = await import(${module});
       const child = startDetached({ file: "/bin/sh", args: ["-c", ":"], env: {}, cwd: "/" });
       prepareShell();
       child.once("close", () => setTimeout(() => ${then}, 50));`,
    ]);
  expect(await once(host("{}"), "exit")).toEqual([0, null]);
  const killed = host("process.kill(process.pid, 'SIGKILL')");
  const found = new Set<number>();
  killed.once("exit", () => found.add(0));
  await vi.waitFor(() => {
    for (const { pid, parent } of readAll()) if (parent === killed.pid) found.add(pid);
    expect(found).toContain(0);
  }, 10_000);
  await vi.waitFor(() => expect(alive().filter(({ pid }) => found.has(pid))).toEqual([]));
  expect(found.size).toBeGreaterThan(1);
});
