import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { makeSurroundings, type Surroundings } from "../stories/command-line.ts";
import { makeRepository } from "../stories/repositories.ts";
import { JudgedWriter } from "../view/judged-study.ts";

let surroundings: Surroundings;
let repository: string;

/** A repository whose ledger holds one kept experiment. */
beforeAll(async () => {
  surroundings = await makeSurroundings();
  repository = join(surroundings.folder, "repository");
  await mkdir(repository);
  await makeRepository(repository, { "train.ts": "console.log('loss: 1')\n" });
  const writer = new JudgedWriter().start().calibrate() as JudgedWriter;
  writer.try({ gain: 0.05 });
  const folder = join(repository, ".nightlab");
  await mkdir(folder);
  const ledger = await openLedger({ folder, clock: new FakeClock(), mode: "write", holder: "test" });
  await ledger.append(writer.lines.map(({ event }) => event));
  await ledger.close();
});

afterAll(() => surroundings.remove());

it("explains a verdict as text and as one JSON value with the same facts", async () => {
  const [text, json] = await Promise.all([
    surroundings.nightlab(repository, "verdict", "explain", "e1"),
    surroundings.nightlab(repository, "verdict", "explain", "1", "--json"),
  ]);
  expect([text.code, text.stderr, json.code]).toEqual([0, "", 0]);
  const facts = JSON.parse(json.stdout);
  expect(facts).toMatchObject({ id: "e1", stage: "tentative", verdict: { kind: "keep" } });
  expect(text.stdout.replace(/\s+/g, " ")).toContain(facts.answer);
  expect(text.stdout.replace(/\s+/g, " ")).toContain(facts.consequences[0]);
});

it("says what to type for a verdict that there is not", async () => {
  const { code, stderr } = await surroundings.nightlab(repository, "verdict", "explain", "promotion-4");
  expect(code).toBe(2);
  expect(stderr).toBe("error: run mar8 has no promotion-4: 0 were judged\nnext: nightlab status\n");
});
