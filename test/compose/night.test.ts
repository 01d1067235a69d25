import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { lastBeat } from "../../src/compose/heartbeat.ts";
import { giveOrder, type Order, openInbox } from "../../src/compose/inbox.ts";
import { openNight } from "../../src/compose/night.ts";
import { startRun } from "../../src/loop/run-study.ts";
import { type Bench, controls, createBench, events, TAG } from "../loop/make-lab.ts";

let base: string;
let folder: string;
let bench: Bench;
let count = 0;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "nightlab-night-"));
  bench = await createBench();
});
beforeEach(async () => {
  count += 1;
  folder = join(base, String(count));
  await mkdir(folder);
});
afterAll(async () => {
  await bench.remove();
  await rm(base, { recursive: true, force: true });
});

const broken = (error: unknown) => {
  throw error;
};

test("orders given before a run are obeyed at its start, in their order, each once", async () => {
  await giveOrder(folder, { kind: "tell", text: "second" }, 2);
  await giveOrder(folder, { kind: "tell", text: "first" }, 1);
  const heard: Order[] = [];
  const obey = async (order: Order) => void heard.push(order);
  await (await openInbox(folder, { obey, onError: broken })).close();
  await (await openInbox(folder, { obey, onError: broken })).close();
  expect(heard.map((order) => order.kind === "tell" && order.text)).toEqual(["first", "second"]);
});

test("an order stays until it has been obeyed", async () => {
  await giveOrder(folder, { kind: "tell", text: "keep me" }, 1);
  const errors: unknown[] = [];
  const refuse = () => Promise.reject(new Error("disk full"));
  await (await openInbox(folder, { obey: refuse, onError: (error) => errors.push(error) })).close();
  expect(errors).toHaveLength(1);
  expect(await readdir(join(folder, "inbox"))).toHaveLength(1);
});

test("what is no order is set aside and stops nothing", async () => {
  await mkdir(join(folder, "inbox"));
  for (const [name, text] of [
    ["1.json", "{"],
    ["2.json", '{"kind":"rm -rf"}'],
    ["3.json", `{"kind":"tell","text":"${"x".repeat(5000)}"}`],
  ] as const)
    await writeFile(join(folder, "inbox", name), text);
  await giveOrder(folder, { kind: "pause" }, 9);
  const heard: Order[] = [];
  const inbox = await openInbox(folder, { obey: async (order) => void heard.push(order), onError: broken });
  await inbox.close();
  expect(heard).toEqual([{ kind: "pause" }]);
  expect(await readdir(join(folder, "inbox"))).toEqual(
    ["1.json", "2.json", "3.json"].map((n) => `${n}.unreadable`),
  );
});

test("a run at work obeys: guidance and ideas go into the ledger, pause and finish into its control", async () => {
  const made = await bench.lab();
  await startRun(made.lab, { tag: TAG, studySeed: 1, programSha: "0" });
  const stages = new Map([["e1", "proposing"]]);
  const place = { root: base, folder, programPath: join(base, "program.md") };
  const night = await openNight({ lab: made.lab, place, control: controls().control, stages });
  await giveOrder(folder, { kind: "tell", text: "no width" }, 1);
  await giveOrder(folder, { kind: "add_idea", idea: { title: "RMSNorm", why: "" } }, 2);
  await giveOrder(folder, { kind: "finish" }, 3);
  const finished = new Promise((resolve) => night.control.finish.addEventListener("abort", resolve));
  await finished;
  await night.close();
  expect(events(made, "told").map(({ text }) => text)).toEqual(["no width"]);
  expect(made.lab.run.queue).toEqual([{ by: "you", idea: { title: "RMSNorm", why: "" } }]);
  expect(night.control.pause.aborted).toBe(false);
  const beat = await lastBeat(folder, process.pid);
  expect(beat).toMatchObject({ run: TAG, stages: { e1: "proposing" } });
  expect(await lastBeat(folder, process.pid + 1)).toBeUndefined();
});
