import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../../src/core/errors.ts";
import { loadProgram, parseProgramFile } from "../../src/program/load.ts";
import { withLines } from "./samples.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nightlab-program-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}

function errorOf(path: string): UsageError {
  try {
    loadProgram(path);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error("it loaded");
}

test("roles are the sections and every file of roles/", () => {
  write("a/roles/critic.md", "Doubt everything.\n");
  write("a/roles/notes.txt", "not a role");
  const path = write("a/program.md", `${withLines({})}## Roles\n### architect\nBuild.\n`);
  expect(loadProgram(path).roles).toEqual([
    { name: "architect", text: "Build.", path },
    { name: "critic", text: "Doubt everything.", path: "roles/critic.md" },
  ]);
});

test("all errors are listed, placed at the first line, with what to do next", () => {
  const path = write("b/program.md", withLines({ a: "risk: yolo", b: "parallel: 0" }));
  const error = errorOf(path);
  expect(error.place).toBe(`${path}:5`);
  expect(error.message).toContain("2 errors");
  expect(error.message).toContain(`${path}:5: \`risk\` is the text "yolo"`);
  expect(error.message).toContain(`${path}:6: \`parallel\` is 0`);
  expect(error.next).toBe("Start with line 5: Write, for example, `risk: balanced`.");
});

test.each([
  ["random bytes", Uint8Array.from({ length: 500 }, (_, i) => (i * 7919) % 256), "not text"],
  ["UTF-16", Buffer.from("\uFEFF# a", "utf16le"), "UTF-16"],
  ["Latin-1", Buffer.from("# caf\xe9", "latin1"), "not text"],
  ["a huge file", Buffer.alloc(2 * 1024 ** 2, "a"), "at most"],
])("%s is refused as what it is", (name, bytes, words) => {
  expect(errorOf(write(`c/${name}.md`, bytes)).message).toContain(words);
});

test("a file that is not there says how to begin, and a folder is not a file", () => {
  expect(errorOf(join(folder, "none.md")).next).toContain("nightlab init");
  expect(errorOf(folder).message).toContain("is a folder");
});

test("a linked file outside the program's folder is not read", () => {
  write("secret.patch", "secret");
  const path = write(
    "d/program.md",
    `${withLines({})}## Ideas\n- [ ] x [patch](out.patch)\n- [ ] y [patch](../secret.patch)\n- [ ] z [patch](loop.patch)\n`,
  );
  symlinkSync("loop.patch", join(folder, "d/loop.patch"));
  symlinkSync(join(folder, "secret.patch"), join(folder, "d/out.patch"));
  expect(parseProgramFile(path).problems.map(({ line, cause }) => [line, cause])).toEqual([
    [8, "The patch out.patch is not there."],
    [9, 'The patch is not used: "../secret.patch" leaves the repository with `..`.'],
    [10, "The patch loop.patch is not there."],
  ]);
});
