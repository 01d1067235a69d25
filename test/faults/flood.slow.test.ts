import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ProcessSandbox } from "../../src/sandbox/process.ts";

const MEGABYTE = 1 << 20;

it("a command that prints 1 GB is heard to its last line, in bounded memory and with a bounded log", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nightlab-flood-"));
  const before = process.memoryUsage().rss;
  let peak = before;
  const looking = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  try {
    const logPath = join(folder, "flood.log");
    const exit = await new ProcessSandbox().exec(
      {
        line: "yes 'loss: 7 and words that make it no metric' | head -c 1000000000; echo; echo 'loss: 1'",
        cwd: folder,
        env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
        writable: [folder],
        readable: [],
        hidden: [],
        logPath,
        onLine: () => {},
      },
      { timeMs: 240_000, outputBytes: MEGABYTE, network: "none" },
      new AbortController().signal,
    );
    expect(exit.ending).toEqual({ kind: "exited", code: 0 });
    expect(exit.isOutputCut).toBe(true);
    expect(exit.stdoutTail.endsWith("\nloss: 1\n")).toBe(true);
    expect(exit.stdoutTail.length).toBeLessThanOrEqual(MEGABYTE);
    expect(statSync(logPath).size).toBeLessThanOrEqual(MEGABYTE);
    expect(peak - before).toBeLessThan(300 * MEGABYTE);
  } finally {
    clearInterval(looking);
    rmSync(folder, { recursive: true });
  }
});
