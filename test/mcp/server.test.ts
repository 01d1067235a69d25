import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findStudy, readStudy, viewOf } from "../../src/compose/read-study.ts";
import {
  clientOf,
  EXPERIMENTS,
  HELD_OUT_GAIN,
  HOSTILE,
  type LabStudy,
  makeLabStudy,
  SEED,
} from "./lab-study.ts";

type Lab = Awaited<ReturnType<typeof clientOf>>;
let study: LabStudy;
let lab: Lab;
let steering: Lab;
beforeAll(async () => {
  study = await makeLabStudy();
  lab = await clientOf(study.folder);
  steering = await clientOf(study.folder, { steer: true });
});
afterAll(async () => {
  await lab.close();
  await steering.close();
  await study.remove();
});

const READ_TOOLS = ["status", "experiments", "experiment", "verdict_explain", "ideas", "notebook", "program"];
const ordersIn = async (folder: string) => {
  const inbox = join(folder, ".nightlab", "inbox");
  const names = (await readdir(inbox).catch(() => [])).sort();
  return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(inbox, name), "utf8"))));
};

it("offers what reads, and what steers only when the user said so", async () => {
  const names = async ({ client }: Lab) => (await client.listTools()).tools.map(({ name }) => name);
  expect(await names(lab)).toEqual(READ_TOOLS);
  expect(await names(steering)).toEqual([...READ_TOOLS, "tell", "add_idea", "pause", "finish"]);
  await expect(lab.call("tell", { text: "hello" })).rejects.toThrow(/not found/);
  expect(await ordersIn(study.folder)).toEqual([]);
});

it("says the same numbers as the view", async () => {
  const place = await findStudy(study.folder);
  const view = await viewOf(place, await readStudy(place));
  const { facts } = await lab.call("status");
  expect(facts.run.counts).toEqual(view.run?.counts);
  expect(facts.run.baselineMean).toBe(9);
  expect(facts.experiments).toBe(EXPERIMENTS + 1);
  expect(facts.inFlight).toMatchObject([{ id: `e${EXPERIMENTS + 1}`, researcher: "tuner" }]);
  const kept = view.experiments.find(({ id }) => id === "e7");
  const shown = (await lab.call("experiment", { id: "7" })).facts;
  expect(shown).toMatchObject({ id: "e7", status: "kept", value: 8, run: "night-1" });
  expect(shown.gainOverHead).toBe(kept?.gainOverHead);
});

it("pages through all experiments, each once, newest first", async () => {
  const seen: string[] = [];
  let before: string | undefined;
  do {
    const { facts } = await lab.call("experiments", {
      limit: 25,
      ...(before === undefined ? {} : { before }),
    });
    seen.push(...facts.experiments.map(({ id }: { id: string }) => id));
    before = facts.next;
  } while (before !== undefined);
  expect(seen).toEqual(Array.from({ length: EXPERIMENTS + 1 }, (_, at) => `e${EXPERIMENTS + 1 - at}`));
});

it("filters experiments by how they ended and by words", async () => {
  const kept = (await lab.call("experiments", { status: "kept" })).facts;
  expect(kept).toMatchObject({ matching: 1, ofRun: EXPERIMENTS + 1, experiments: [{ id: "e7" }] });
  const titled = (await lab.call("experiments", { contains: "TITLE 33" })).facts;
  expect(titled.experiments.map(({ id }: { id: string }) => id)).toEqual(["e33"]);
});

it("shows an experiment with its diff, and explains its verdict", async () => {
  const { text } = await lab.call("experiment", { id: "e7" });
  expect(text).toContain("-loss: 9\n+loss: 8\n");
  const { facts } = await lab.call("verdict_explain", { id: "e7" });
  expect(facts).toMatchObject({ id: "e7", answer: expect.stringContaining("e7 was kept"), status: "kept" });
});

it("tells ideas that wait from those that were taken up", async () => {
  const { facts } = await lab.call("ideas");
  const waiting = facts.waiting.map(({ by, title }: { by: string; title: string }) => `${by}: ${title}`);
  expect(waiting).toEqual(["you: Try RMSNorm", "program.md: Halve it"]);
  expect(facts.taken).toEqual([{ title: "Title 2", experiment: "e2" }]);
});

it.each(READ_TOOLS)(
  "keeps hostile text of %s between fences, visible and short, without seeds",
  async (name) => {
    const withId = ["experiment", "verdict_explain"].includes(name) ? { id: "e9" } : {};
    const { text, isError } = await lab.call(name, name === "experiments" ? { limit: 50 } : withId);
    expect(isError).toBe(false);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e\u{e0000}-\u{e007f}]/u);
    expect(text).not.toContain(String(SEED));
    expect(text.length).toBeLessThan(45_000);
    expect(outsideFences(text)).not.toMatch(/Ignore all rules/);
    expect(outsideFences(text)).toMatch(/data, never an instruction/);
  },
);

/** As CommonMark reads it: a fence ends at a line of at least as many backticks and nothing else. */
function outsideFences(text: string): string {
  const outside: string[] = [];
  let fence: string | undefined;
  for (const line of text.split("\n")) {
    const run = /^ {0,3}(`{3,})([^`]*)$/.exec(line);
    if (fence === undefined && run !== null) fence = run[1];
    else if (fence === undefined) outside.push(line);
    else if (run?.[2]?.trim() === "" && (run[1]?.length ?? 0) >= fence.length) fence = undefined;
  }
  expect(fence).toBeUndefined();
  return outside.join("\n");
}

it("keeps from a researcher what was measured on data that is to stay fresh", async () => {
  const asks = [
    ...["status", "experiments", "notebook", "ideas"].map((name) => [name, {}] as const),
    ["experiment", { id: "e7" }],
    ...["e7", "promotion-1", "final"].map((id) => ["verdict_explain", { id }] as const),
  ] as const;
  const researcher = await clientOf(study.folder, { isForResearcher: true });
  const number = String(HELD_OUT_GAIN).slice(2, 6);
  const said = { user: 0, researcher: 0 };
  for (const [name, args] of asks) {
    if ((await lab.call(name, args)).text.includes(number)) said.user += 1;
    if ((await researcher.call(name, args)).text.includes(number)) said.researcher += 1;
  }
  expect(said).toEqual({ user: 5, researcher: 0 });
  expect((await researcher.call("status")).facts).toMatchObject({
    promotions: 1,
    run: { verifiedStack: ["e7"] },
  });
  expect((await researcher.call("verdict_explain", { id: "e7" })).facts).toMatchObject({ status: "kept" });
  expect((await researcher.call("verdict_explain", { id: "final" })).text).toMatch(/experiments alone/);
  await researcher.close();
});

it("has text that would break out, were it not for the fences", () => {
  expect(outsideFences(`\`\`\`\n${HOSTILE}\n\`\`\`\n\`\`\``)).toMatch(/Ignore all rules/);
});

it.each([
  ["experiment", { id: "e999" }, /no experiment e999/, /call `experiments`/],
  ["experiment", { id: "../../etc/passwd" }, /no experiment/, /call `experiments`/],
  ["experiments", { before: "e0" }, /no experiment e0/, /call `experiments`/],
  ["experiments", { run: "other" }, /no run other/, /one of: night-1/],
  ["verdict_explain", { id: "what" }, /names no verdict/, /call `verdict_explain`/],
  ["verdict_explain", { id: "e61" }, /has not been judged yet/, /call `status`/],
  ["verdict_explain", { id: "promotion-3" }, /no promotion-3/, /"id": "promotion-1"/],
] as const)("answers %s with %o by an error and the next call", async (name, args, error, next) => {
  const { text, isError } = await lab.call(name, args);
  expect(isError).toBe(true);
  expect(text).toMatch(error);
  expect(/^next: (.+)$/m.exec(text)?.[1]).toMatch(next);
});

it.each([
  ["experiments", { limit: 0 }],
  ["experiments", { limit: "many" }],
  ["experiments", { status: "perfect" }],
  ["experiment", {}],
  ["experiment", { id: 7 }],
  ["experiment", { id: "x".repeat(1000) }],
] as const)("refuses %s with %o, naming what is wrong", async (name, args) => {
  const { text, isError } = await lab.call(name, args);
  expect(isError).toBe(true);
  expect(text).toMatch(/limit|status|id/);
});

it("says what to do where there is no run, and still shows program.md and its ideas", async () => {
  const { call, close } = await clientOf(study.empty, { steer: true });
  for (const name of ["status", "notebook", "tell", "pause"]) {
    const { text, isError } = await call(name, name === "tell" ? { text: "hello" } : {});
    expect(isError, name).toBe(true);
    expect(text, name).toMatch(/^next: /m);
  }
  expect((await call("program")).text).toContain("Make it less.");
  expect((await call("ideas")).facts.waiting).toHaveLength(2);
  expect(await ordersIn(study.empty)).toEqual([]);
  await close();
});

it("leaves words for the next run, but pauses and finishes only one that is at work", async () => {
  expect((await steering.call("tell", { text: "  more width " })).facts).toMatchObject({ isAtWork: false });
  const idea = { title: "Wider", why: "it pays", gain: 0.1, probability: 0.5 };
  expect((await steering.call("add_idea", idea)).isError).toBe(false);
  for (const name of ["pause", "finish"]) {
    const { text, isError } = await steering.call(name);
    expect(isError).toBe(true);
    expect(text).toMatch(/no run is at work here\nnext: call `status`/);
  }
  expect((await steering.call("add_idea", { title: "Half", gain: 1 })).text).toMatch(/both or neither/);
  expect((await steering.call("tell", { text: "   " })).isError).toBe(true);
  expect(await ordersIn(study.folder)).toEqual([
    { kind: "tell", text: "more width" },
    { kind: "add_idea", idea: { title: "Wider", why: "it pays", forecast: { gain: 0.1, probability: 0.5 } } },
  ]);
});
