import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { makeSurroundings, type Surroundings } from "./command-line.ts";
import { mistakesIn } from "./mistake.ts";
import { makeRepository, programText } from "./repositories.ts";

let place: Surroundings;
let fresh: string;
let expectMistake: ReturnType<typeof mistakesIn>["expectMistake"];
let expectJsonMistake: ReturnType<typeof mistakesIn>["expectJsonMistake"];
beforeAll(async () => {
  place = await makeSurroundings();
  const mistakes = mistakesIn(place);
  ({ expectMistake, expectJsonMistake } = mistakes);
  fresh = await mistakes.repositoryWith("fresh", "echo loss: 1");
});
afterAll(() => place.remove());

test.concurrent("a mistyped command or option is answered like any other mistake", async () => {
  await expectJsonMistake(fresh, ["sttus"], { error: /unknown command 'sttus'/, next: /nightlab --help/ });
  await expectMistake(fresh, ["run", "--sandbox", "jail"], { error: /--sandbox/, next: /nightlab --help/ });
});

test.concurrent("a program.md that is missing or wrong is named with its line", async () => {
  const repository = await makeRepository(join(place.folder, "broken"), {
    "code.txt": "x\n",
    "program.md": programText({ metric: "loss", mesure: "echo loss: 1", edit: ["code.txt"] }),
  });
  const said = { error: /mesure/, next: /Did you mean `measure`/, at: /program\.md:3$/ };
  await Promise.all([expectMistake(repository, ["run"], said), expectJsonMistake(repository, ["run"], said)]);
  await rm(join(repository, "program.md"));
  await expectMistake(repository, ["run"], {
    error: /is not there/,
    next: /nightlab init/,
    at: /program\.md$/,
  });
});
