import { afterAll, beforeAll, expect, test } from "vitest";
import { makeSurroundings, type Surroundings } from "./command-line.ts";
import { killAtEachStep } from "./kill-steps.ts";

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

test("a study killed at each of its steps and resumed loses, doubles and leaves nothing", {
  timeout: 900_000,
}, async () => {
  const { steps, problems } = await killAtEachStep(place, { sandbox: "process", mostStudies: 3 });
  expect(problems).toEqual([]);
  const met = steps.join("\n");
  for (const step of [
    ...["starting: before run_started", "recovering: after run_resumed", "working: after calibrated"],
    ...["working: during exec", "working: after commit", "working: before proposed", "working: after rebase"],
    ...["working: after advance head", "working: before head_moved", "working: after head_moved"],
    ...["working: after advance verified", "working: before final_judged", "working: before run_ended"],
  ])
    expect(met).toContain(step);
});
