import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { examine } from "../../src/compose/examine.ts";
import { makeRepository, programText } from "../stories/repositories.ts";

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "nightlab-examine-")));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let made = 0;
async function channelOf(settings: Record<string, unknown>) {
  const program = { metric: "loss", measure: "node bench.js", edit: ["code.js"], ...settings };
  made += 1;
  const files = { "code.js": "1\n", "bench.js": "1\n", "program.md": programText(program) };
  const found = await examine(await makeRepository(join(folder, `r${made}`), files));
  const { state, detail, lines = [] } = found.find(({ name }) => name === "channel") ?? {};
  return { state, detail, said: lines.join("\n") };
}

test("doctor says for each program how far its numbers can be trusted and how to get a stronger one", async () => {
  const stdout = await channelOf({});
  expect(stdout).toMatchObject({ state: "note", detail: /^stdout \(weak\)/ });
  expect(stdout.detail).toContain("anything the candidate runs can print this line");
  expect(stdout.said).toMatch(/`evaluate`.*`result_fd: 3`/);
  const file = await channelOf({ result_file: "r.json" });
  expect(file).toMatchObject({ state: "note", detail: /^file \(weak\)/ });
  expect(file.said).toContain("`result_fd: 3`");
  const artifact = await channelOf({ evaluate: "node bench.js", artifact: "model.txt" });
  expect(artifact).toMatchObject({ state: "good", detail: /^artifact \(strong\)/, said: "" });
  expect(await channelOf({ metric: "wall_seconds" })).toMatchObject({ detail: /^harness \(strong\)/ });
});

test("doctor doubts a descriptor that the candidate itself would hold", async () => {
  expect((await channelOf({ result_fd: 3 })).detail).toMatch(/^descriptor \(medium\)/);
  const own = await channelOf({ result_fd: 3, measure: "node ./code.js" });
  expect(own).toMatchObject({ state: "note" });
  expect(own.said).toContain("`measure` names `code.js`, which candidates may edit");
  const all = await channelOf({ result_fd: 3, edit: ["**"], protect: ["bench.js"] });
  expect(all.said).not.toContain("names"); // `node` is a word of the command, and no file
  const open = await channelOf({ result_fd: 3, sandbox: "process" });
  expect(open).toMatchObject({ state: "note" });
  expect(open.said).toContain("can trace the command");
  expect(open.said).not.toContain("names");
});
