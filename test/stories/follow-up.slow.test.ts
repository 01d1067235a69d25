import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openRun } from "../../src/compose.ts";
import { git, makeRepository, programText } from "./repositories.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nightlab-follow-up-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const TRAIN = `const RATE = 0.3; // tune: 0.1..1
const rateLoss = () => Math.abs(RATE - 0.5);

// The layers.
const layerLoss = () => 1;

console.log("loss:", rateLoss() + layerLoss());
`;
/** Helps where its width is above 20; the agent marks it, and sets it to 4. */
const WIDER = TRAIN.replace(
  "const layerLoss = () => 1;",
  "const WIDTH = 4; // tune: 4..64 step 4\nconst layerLoss = () => 1 + (20 - WIDTH) / 40;",
);
const AGENT = `cat > train.js <<'END'\n${WIDER}END\necho wider`;

test("a structure that its constants had discarded is kept once the tuner has turned them", async () => {
  const program = {
    metric: { name: "loss", goal: "minimize" },
    measure: "node train.js",
    edit: ["train.js"],
    sandbox: "process",
    budget: { experiments: 14 },
    researchers: [{ command: AGENT, share: 0.1 }, "tuner"],
  };
  const files = { "train.js": TRAIN, "program.md": programText(program) };
  const repository = await makeRepository(join(folder, "repository"), files);
  const run = await openRun({
    cwd: repository,
    environment: { PATH: process.env.PATH ?? "", HOME: folder, XDG_STATE_HOME: join(folder, "state") },
    mode: { kind: "start", tag: "night" },
    studySeed: 3,
  });
  const never = new AbortController().signal;
  try {
    await run.work({ pause: never, finish: never, stop: never });
    const told = run.lab.experiments.map(({ researcher, status, idea, reasons }) => [
      ...[researcher, status, idea?.title, reasons[0]],
    ]);
    const structure = run.lab.experiments.find(({ researcher }) => researcher === "command");
    expect(structure?.status, JSON.stringify(told, undefined, 1)).toBe("discarded");
    const followUps = run.lab.experiments.filter(({ idea }) => idea?.settings?.follows === structure?.id);
    expect(followUps.length, JSON.stringify(told, undefined, 1)).toBeGreaterThan(0);
    expect(followUps.length).toBeLessThanOrEqual(6);
    expect(followUps.at(-1)?.status, JSON.stringify(told, undefined, 1)).toBe("kept");
    expect(git(repository, "show", `${run.lab.run.verified}:train.js`)).toMatch(/WIDTH = (?:[2-6]\d)/);
  } finally {
    await run.close();
  }
});
