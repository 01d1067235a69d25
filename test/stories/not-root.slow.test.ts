import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { detectSandbox } from "../../src/sandbox/detect.ts";
import { eventsOf, makeSurroundings, readLines, type Surroundings } from "./command-line.ts";
import { makeRepository, programText } from "./repositories.ts";

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

const ownUid = process.getuid?.() ?? -1;

test.runIf(ownUid === 0)("a command of a run is never root, also when nightlab is", async () => {
  if ((await detectSandbox("auto", ownUid)).sandbox.name !== "bubblewrap") return;
  const program = {
    metric: { name: "uid", goal: "minimize" },
    measure: 'echo "uid: $(id -u)"',
    edit: ["code.txt"],
    sandbox: "bubblewrap",
    budget: { measurements: 6 }, // those of the calibration
    researchers: [{ command: "exit 75" }],
  };
  const files = { "code.txt": "x\n", "program.md": programText(program) };
  const repository = await makeRepository(join(place.folder, "root"), files);
  expect(await place.nightlab(repository, "run")).toMatchObject({ code: 0, stderr: "" });
  const outcomes = eventsOf(await readLines(repository), "measured").map(({ outcome }) => outcome);
  expect(outcomes).toHaveLength(6);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ measurement: { value: 61900 } });
});
