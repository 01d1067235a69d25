import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { detectSandbox } from "../../src/sandbox/detect.ts";
import { endLeftovers } from "../../src/sandbox/leftovers.ts";
import { hasProc, readAll, sendTo } from "../../src/sandbox/proc.ts";
import { commandLines, LEAVES_TWO, namesIn, sleepers, startHost } from "./killed-host.ts";

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
