import { afterAll, beforeAll, expect, test } from "vitest";
import { makeSurroundings, type Surroundings } from "./command-line.ts";
import { killAtEachStep } from "./kill-steps.ts";

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

/** Steps that no study is without; which of them are met while recovering is luck. */
const STEPS = [
  ...["run_started", "run_resumed", "open", "exec", "calibrated", "opened", "changes", "commit", "proposed"],
  ...["measured", "rebase", "advance head", "head_moved", "promotion_judged", "advance verified"],
  ...["final_judged", "run_ended"],
];

test("a study killed at each of its steps and resumed loses, doubles and leaves nothing", {
  timeout: 1_800_000,
}, async () => {
  const { steps, problems } = await killAtEachStep(place, { sandbox: "process", mostStudies: 2 });
  expect(problems).toEqual([]);
  for (const step of STEPS) {
    const isMet = (when: string) => steps.some((one) => one.includes(`: ${when} `) && one.includes(step));
    expect([isMet("before"), isMet("after")], `${step}, of ${steps.join(", ")}`).toEqual([true, true]);
  }
});
