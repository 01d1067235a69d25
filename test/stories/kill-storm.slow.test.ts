import { afterAll, beforeAll, expect, test } from "vitest";
import { makeSurroundings, readLines, type Surroundings } from "./command-line.ts";
import { expectContinues, expectSound, processesOf } from "./ledger-rules.ts";
import { pythonResearch } from "./repositories.ts";

const KILLS = 15;

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

test(`a run killed ${KILLS} times at growing distances loses nothing and doubles nothing`, async () => {
  const repository = await pythonResearch(`${place.folder}/storm`, {
    budget: { experiments: 25 },
    parallel: 2,
  });
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = await readLines(repository);
    const run = place.start(repository, kill === 0 ? "run" : "resume", "--json");
    // Killed at its n-th ledger line of this session: a different step of the loop each time.
    let seen = 0;
    run.child.stdout?.on("data", (text: string) => {
      seen += text.split("\n").length - 1;
      if (seen >= 2 + kill * 3) run.child.kill("SIGKILL");
    });
    const { signal } = await run.ended;
    expectContinues(before, await readLines(repository));
    if (signal === null) break;
  }
  await place.nightlab(repository, "resume");
  await expectSound(repository);
  expect(processesOf(repository)).toEqual([]);
  const status = JSON.parse((await place.nightlab(repository, "status", "--json")).stdout);
  expect(status.run.state).toBe("ended");
});
