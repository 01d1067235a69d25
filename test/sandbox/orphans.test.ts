import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { detectSandbox } from "../../src/sandbox/detect.ts";
import { endLeftovers } from "../../src/sandbox/leftovers.ts";
import { newMark, ownerOf } from "../../src/sandbox/marker.ts";
import { environmentOf, hasProc, readAll, readOf, sendTo, startTicksOf } from "../../src/sandbox/proc.ts";

const DETECT = join(import.meta.dirname, "..", "..", "src", "sandbox", "detect.ts");

/** A nightlab in small: one command of `study` in a sandbox, which prints what the command prints. */
function startHost(command: { wish: string; study: string; line: string; cwd: string }) {
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
const LEAVES_TWO = (token: string) =>
  `sleep 7${token} & (setsid sleep 8${token} </dev/null >/dev/null 2>&1 &) ; sleep 0.1; echo up; wait`;

function commandLines(): { pid: number; line: string }[] {
  return readAll()
    .filter(({ state }) => state !== "Z")
    .map(({ pid }) => ({ pid, line: (readOf(pid, "cmdline") ?? "").replaceAll("\0", " ") }));
}

const sleepers = (token: string) =>
  commandLines().filter(({ line }) => line.startsWith("sleep ") && line.includes(token));
const namesIn = (token: string) =>
  sleepers(token)
    .map(({ line }) => line.trim())
    .sort();

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

  test("leaves nothing behind, whatever the instant of a start in bubblewrap", async () => {
    if ((await detectSandbox("auto", process.getuid?.() ?? 0)).sandbox.name !== "bubblewrap") return;
    await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const host = startHost({
          wish: "bubblewrap",
          study,
          cwd,
          line: `(setsid sleep 8${token} &); exec sleep 9${token}`,
        });
        await host.until("ready");
        await new Promise((resolve) => setTimeout(resolve, index * 2));
        host.child.kill("SIGKILL");
      }),
    );
    await vi.waitFor(() => expect(commandLines().filter(({ line }) => line.includes(token))).toEqual([]), {
      timeout: 8000,
    });
  });

  test("ends a process that is forever between two programs, where its environment cannot be seen", async () => {
    const chain = `exec sh -c "$CHAIN" ${token}`;
    const line = `CHAIN='${chain}'; export CHAIN; setsid sh -c "$CHAIN" ${token} </dev/null >/dev/null 2>&1 & sleep 0.2; echo up; sleep 60`;
    const hosts = Array.from({ length: 4 }, () => startHost({ wish: "process", study, cwd, line }));
    await Promise.all(hosts.map((host) => host.until("up")));
    for (const { child } of hosts) child.kill("SIGKILL");
    await vi.waitFor(
      () => expect(commandLines().filter(({ line: one }) => one.includes(token))).toEqual([]),
      {
        timeout: 8000,
      },
    );
  });

  test("with its watchers leaves what left its session to the next start, which ends just that", async () => {
    const host = startHost({ wish: "process", study, cwd, line: LEAVES_TWO(token) });
    await host.until("up");
    const other = startHost({ wish: "process", study: `${study}-b`, cwd, line: `exec sleep 6${token}` });
    await vi.waitFor(() => expect(namesIn(token)).toHaveLength(3), { timeout: 8000 });
    expect(await endLeftovers(study)).toEqual([]); // its nightlab is alive
    expect(namesIn(token)).toHaveLength(3);

    const group = readAll().find(({ pid }) => pid === sleepers(`7${token}`)[0]?.pid)?.group ?? 0;
    process.kill(-group, "SIGKILL"); // before nightlab sweeps: both in one breath
    host.child.kill("SIGKILL");
    await vi.waitFor(() => expect(host.child.signalCode).toBe("SIGKILL"));
    await vi.waitFor(() => expect(namesIn(token)).not.toContain(`sleep 7${token}`));
    expect(await endLeftovers(study)).toEqual([]);
    expect(namesIn(token)).toEqual([`sleep 6${token}`]);
    other.child.kill("SIGKILL");
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
