import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { detectSandbox } from "../../src/sandbox/detect.ts";
import { endLeftovers } from "../../src/sandbox/leftovers.ts";
import { newMark, ownerOf } from "../../src/sandbox/marker.ts";
import { environmentOf, hasProc, sendTo, startTicksOf } from "../../src/sandbox/proc.ts";
import { commandLines, LEAVES_TWO, namesIn, startHost } from "./killed-host.ts";

let cwd = "";
let token = "";
let study = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "nightlab-orphans-"));
  token = String(10_000_000 + Math.floor(Math.random() * 89_999_999));
  study = `study-${token}`;
});
afterEach(async () => {
  for (const { pid } of commandLines().filter(({ line }) => line.includes(token))) sendTo(pid, "SIGKILL");
  rmSync(cwd, { recursive: true, force: true });
});

describe.runIf(hasProc)("a nightlab that is killed", () => {
  test.each(["process", "bubblewrap"])("takes all of a command in the %s sandbox with it", async (wish) => {
    if (wish === "bubblewrap" && (await detectSandbox("auto", process.getuid?.() ?? 0)).sandbox.name !== wish)
      return;
    const host = startHost({ wish, study, cwd, line: LEAVES_TWO(token) });
    await host.until("up");
    expect(namesIn(token)).toEqual([`sleep 7${token}`, `sleep 8${token}`]);
    host.child.kill("SIGKILL");
    await vi.waitFor(() => expect(namesIn(token)).toEqual([]), { timeout: 8000 });
  });
});

test.runIf(hasProc)("the environment of a process is seen also while it changes programs", async () => {
  const chain = `exec sh -c "$CHAIN" ${token}`;
  const child = spawn("sh", ["-c", chain], { env: { PATH: "/usr/bin:/bin", CHAIN: chain } });
  await vi.waitFor(() => expect(commandLines().filter(({ line }) => line.includes(token))).toHaveLength(1));
  const unseen = Array.from({ length: 3000 }, () => environmentOf(child.pid ?? 0)).filter(
    (entries) => !entries.includes(`CHAIN=${chain}`),
  );
  child.kill("SIGKILL");
  expect(unseen).toEqual([]);
});

test.runIf(hasProc)("a process that ignores TERM is killed after the grace", async () => {
  const dead = `${study}:${process.pid}:1:0-0`; // our id, but another start
  const child = spawn("sh", ["-c", "trap '' TERM; echo up; while :; do sleep 0.05; done"], {
    env: { PATH: "/usr/bin:/bin", NIGHTLAB_PROCESS: dead },
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  expect(await endLeftovers(study, { graceMs: 100 })).toEqual([]);
  await vi.waitFor(() => expect(child.signalCode).toBe("SIGKILL"));
});

test("a mark tells its study and its nightlab, and is nobody else's", () => {
  const entry = `NIGHTLAB_PROCESS=${newMark("study")}`;
  expect(ownerOf(["A=1", entry], "study")).toEqual({
    pid: process.pid,
    startTicks: startTicksOf(process.pid) ?? 0,
  });
  expect(ownerOf([entry], "stud")).toBeUndefined();
  expect(ownerOf(["NIGHTLAB_PROCESS=study"], "study")).toBeUndefined();
  expect(ownerOf([], "study")).toBeUndefined();
});
