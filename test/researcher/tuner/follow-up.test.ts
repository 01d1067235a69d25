import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Brief, PastExperiment } from "../../../src/core/brief.ts";
import { experimentId } from "../../../src/core/experiment.ts";
import { tunerResearcher } from "../../../src/researcher/tuner/tuner.ts";
import { SAMPLE_BRIEF } from "../../../src/testing/sample-brief.ts";
import { SAMPLE_PROGRAM } from "../../../src/testing/sample-program.ts";

const HEAD = "const RATE = 0.1; // tune: 0.01..1 log\nexport const loss = () => RATE;\n";
/** A structure that would help, had it another width. */
const DIFF = `diff --git a/train.ts b/train.ts
--- a/train.ts
+++ b/train.ts
@@ -1,2 +1,3 @@
 const RATE = 0.1; // tune: 0.01..1 log
-export const loss = () => RATE;
+const WIDTH = 8; // tune: 2..64 step 2
+export const loss = () => RATE * WIDTH;
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nightlab-follow-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function structure(over: Partial<PastExperiment> = {}): PastExperiment {
  return {
    experiment: experimentId(1),
    researcher: "agent",
    idea: { title: "wider", why: "w" },
    status: "discarded",
    reasons: ["not better"],
    gainOverHead: -0.5,
    headGain: 0,
    diff: DIFF,
    ...over,
  };
}

async function applyPatch(cwd: string, input: string): Promise<string | undefined> {
  try {
    execFileSync("git", ["apply", "-"], { cwd, input, stdio: ["pipe", "ignore", "ignore"] });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Proposals one after the other on the unchanged head; `gainOf` measures what was proposed. */
async function propose(count: number, history: PastExperiment[], gainOf: (text: string) => number) {
  const tuner = tunerResearcher({ applyPatch });
  const texts: string[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    await writeFile(join(folder, "train.ts"), HEAD);
    const experiment = experimentId(history.length + 1);
    const brief: Brief = {
      ...SAMPLE_BRIEF,
      experiment,
      program: { ...SAMPLE_PROGRAM, edit: ["train.ts"] },
      history,
      randomSeed: turn + 1,
    };
    const proposal = await tuner.propose(brief, folder, new AbortController().signal);
    if (proposal.kind !== "idea") throw new Error(proposal.reason);
    const text = await readFile(join(folder, "train.ts"), "utf8");
    texts.push(text);
    const gain = gainOf(text);
    const status = gain > 0.01 ? "kept" : "discarded";
    history.push({
      ...structure({ experiment, idea: proposal.idea, status, gainOverHead: gain }),
      researcher: "tuner",
    });
  }
  return texts;
}

const widthIn = (text: string) => Number(/WIDTH = (\d+)/.exec(text)?.[1] ?? Number.NaN);

test("searches the constants that a discarded structure marked, and its own between them", async () => {
  const history = [structure()];
  const texts = await propose(20, history, () => -0.1);
  const followUps = texts.filter((text) => text.includes("WIDTH"));
  expect(followUps).toHaveLength(6);
  expect(new Set(followUps.map(widthIn)).size).toBe(6);
  expect(followUps.every((text) => text.includes("const RATE = 0.1;") && widthIn(text) !== 8)).toBe(true);
  const first = history.find(({ idea }) => idea.title.startsWith("wider, with WIDTH 8 -> "));
  expect(first?.idea).toMatchObject({ settings: { follows: "e1", "train.ts:WIDTH": expect.any(Number) } });
  // Its own search goes on beside it, and never sees the numbers of the other space.
  const own = texts.slice(0, 12).filter((text) => !text.includes("WIDTH"));
  expect(own.length).toBeGreaterThanOrEqual(6);
});

test("finds a width that makes the structure worth keeping, and then leaves it", async () => {
  const history = [structure()];
  const texts = await propose(12, history, (text) =>
    text.includes("WIDTH") ? 0.4 - Math.abs(widthIn(text) - 48) / 40 : -0.1,
  );
  const kept = history.filter(({ status }) => status === "kept");
  expect(kept).toHaveLength(1);
  expect(kept[0]?.idea.title).toContain("wider, with WIDTH");
  const at = history.findIndex(({ status }) => status === "kept") - 1;
  expect(texts.slice(at + 1).some((text) => text.includes("WIDTH"))).toBe(false);
});

test.each<[string, Partial<PastExperiment>]>([
  ["was kept", { status: "kept" }],
  ["was never measured", { status: "crashed" }],
  ["marks no constant", { diff: DIFF.replace(" // tune: 2..64 step 2", "") }],
  ["is told only in part", { diff: `${DIFF.slice(0, -20)} [cut]` }],
  ["was made by a tuner", { idea: { title: "t", why: "w", settings: { "train.ts:RATE": 1 } } }],
])("leaves a structure alone that %s", async (_, over) => {
  const [text] = await propose(1, [structure(over)], () => 0);
  expect(text).not.toContain("WIDTH");
});

test("gives up the structure that does not apply to this head, once, and goes on with its own", async () => {
  await writeFile(join(folder, "train.ts"), "const OTHER = 3;\n");
  const tuner = tunerResearcher({ applyPatch });
  const program = { ...SAMPLE_PROGRAM, edit: ["train.ts"] };
  const brief: Brief = { ...SAMPLE_BRIEF, program, history: [structure()] };
  const ask = () => tuner.propose(brief, folder, new AbortController().signal);
  expect(await ask()).toMatchObject({ kind: "gave_up", reason: expect.stringContaining("constants of e1") });
  expect(await ask()).toMatchObject({ kind: "idea", idea: { title: expect.stringContaining("OTHER") } });
});
