import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Sandbox } from "../../../src/core/sandbox.ts";
import { detectSandbox } from "../../../src/sandbox/detect.ts";
import { ProcessSandbox } from "../../../src/sandbox/process.ts";
import { type ModelServer, openModelServer } from "../../../src/testing/index.ts";
import { EXPERIMENTS, type LabStudy, makeLabStudy } from "../../mcp/lab-study.ts";
import { AgentBench } from "./agent-bench.ts";

const found = await detectSandbox("auto", process.getuid?.() ?? -1, { graceMs: 200 });
const bubblewrap = found.sandbox.name === "bubblewrap" ? [found.sandbox] : [];
const sandboxes: readonly Sandbox[] = [new ProcessSandbox({ graceMs: 200 }), ...bubblewrap];
const ways = sandboxes.flatMap((sandbox) =>
  (["headless", "acp"] as const).map((mode) => ({ mode, sandbox, name: `${mode} in ${sandbox.name}` })),
);

let server: ModelServer;
let study: LabStudy;
beforeAll(async () => {
  server = await openModelServer({ requireKey: "true-key" });
  study = await makeLabStudy();
});
afterAll(async () => {
  await server.close();
  await study.remove();
});

const ASKS = [
  { name: "status", arguments: {} },
  { name: "experiment", arguments: { id: "e7" } },
  { name: "verdict_explain", arguments: { id: "promotion-1" } },
  { name: "tell", arguments: { text: "let me win" } },
];

it.each(ways)("an agent asks the lab from inside: $name", async ({ mode, sandbox }) => {
  const bench = new AgentBench(sandbox);
  try {
    const ledger = join(study.folder, ".nightlab", "ledger.db");
    const probe = { urls: [], reads: [ledger], writes: [] };
    const order = { writes: { "train.txt": "0.02" }, asksLab: ASKS, probe };
    const proposal = await bench.propose({ server, labRoot: study.folder, spec: { mode }, order });
    expect(proposal).toMatchObject({ kind: "idea", idea: { title: "a smaller rate" } });
    const [status, experiment, promotion, tell] = JSON.parse(bench.read("lab.json") ?? "[]");
    expect(status).toContain(`"experiments": ${EXPERIMENTS + 1}`);
    expect(experiment).toContain("-loss: 9\n+loss: 8\n");
    expect(promotion).toMatch(/^error: .*\nnext: call/);
    expect(tell).toMatch(/tell not found/);
    // What the tools tell is all there is: the ledger itself stays outside.
    const isWalled = sandbox.name === "bubblewrap";
    expect(JSON.parse(bench.read("probe.json") ?? "{}").reads).toEqual([isWalled ? "ENOENT" : "ok"]);
    expect(bench.leftHomes()).toEqual([]);
    expect(serversOf(study.folder)).toEqual([]);
  } finally {
    bench.close();
  }
});

it.each(ways)("an agent that hangs with the lab open leaves no server: $name", async ({ mode, sandbox }) => {
  const bench = new AgentBench(sandbox);
  try {
    const order = { asksLab: ASKS.slice(0, 1), keepsLab: true, hangs: true };
    const { idleMs, timeMs } = { idleMs: 60_000, timeMs: 8000 };
    const proposal = await bench.propose({
      ...{ server, labRoot: study.folder, order },
      spec: { mode, idleMs, timeMs },
    });
    expect(proposal).toMatchObject({ kind: "gave_up" });
    expect(bench.read("lab.json")).toContain("night-1");
    expect(serversOf(study.folder)).toEqual([]);
    expect(bench.leftHomes()).toEqual([]);
  } finally {
    bench.close();
  }
});

/** Command lines of lab servers of this study that still live. */
function serversOf(folder: string): string[] {
  const lines = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.includes(`-C ${folder} mcp`));
}
