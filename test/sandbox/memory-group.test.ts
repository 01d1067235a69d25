import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { detectSandbox } from "../../src/sandbox/detect.ts";
import { MemoryGroup } from "../../src/sandbox/memory-group.ts";
import { SandboxBench } from "../../src/testing/sandbox-conformance.ts";

const MIB = 1024 * 1024;
const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));
const { sandbox: found } = await detectSandbox("auto", process.getuid?.() ?? -1, { graceMs: 200 });
const made = MemoryGroup.create(MIB);
const folder = /'(.*)\/cgroup.procs'/.exec(made?.joinScript ?? "")?.[1] ?? "";
made?.remove();

describe.skipIf(made === undefined)("a memory group (SKIPPED where none can be made)", () => {
  let bench: SandboxBench;
  beforeEach(() => {
    bench = new SandboxBench(found, fixtures);
  });
  afterEach(() => bench.close());

  it.runIf(found.name === "bubblewrap")("ends what fills scratch folders in memory", async () => {
    // Files in memory belong to no process: only the kernel sees them. Each folder alone may hold as much as is allowed.
    const two =
      "for folder in /dev/shm /tmp; do head -c 50000000 /dev/zero > $folder/ballast || exit 1; done";
    const limits = { memoryBytes: 64 * MIB };
    expect((await bench.run(two, { limits })).ending).toEqual({ kind: "out_of_memory" });
  });

  it("leaves no group behind, and a command that takes little does not feel it", async () => {
    const { ending } = await bench.run("true", { limits: { memoryBytes: 64 * MIB } });
    expect(ending).toEqual({ kind: "exited", code: 0 });
    expect(existsSync(folder)).toBe(false);
    const parent = folder.slice(0, folder.lastIndexOf("/"));
    expect(readdirSync(parent).filter((name) => name.startsWith(`nightlab-${process.pid}-`))).toEqual([]);
  });
});
