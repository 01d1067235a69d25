import { execFileSync } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Desk } from "../../../src/researcher/model/desk.ts";
import { Draft } from "../../../src/researcher/model/draft.ts";
import type { Edit } from "../../../src/researcher/model/proposal.ts";
import { SAMPLE_PROGRAM } from "../../../src/testing/sample-program.ts";
import { makeDesk } from "./asking.ts";

let made: Awaited<ReturnType<typeof makeDesk>>;
let outside: Awaited<ReturnType<typeof makeDesk>>;
beforeEach(async () => {
  made = await makeDesk({ "a.txt": "one\ntwo\nthree\n", "held.txt": "secret\n", ".env": "KEY=1\n" });
  outside = await makeDesk({ "passwd.txt": "secret of the machine\n" });
  await mkdir(join(made.root, "src/.git"), { recursive: true });
  await writeFile(join(made.root, "src/b.txt"), "two again\n");
  await writeFile(join(made.root, "src/.git/config"), "secret of git\n");
  await symlink(join(outside.root, "passwd.txt"), join(made.root, "link.txt"));
  await symlink(outside.root, join(made.root, "linked"));
  execFileSync("sh", ["-c", "mkfifo pipe.txt"], { cwd: made.root });
});
afterEach(async () => {
  await made.remove();
  await outside.remove();
});

const desk = (hidden = ["held.txt"]) => {
  const tools = new Desk({ root: made.root, hidden }).tools();
  return async (name: string, input: unknown) =>
    (await tools.find((one) => one.name === name)?.run(input)) ?? "?";
};

describe("what a model may look at", () => {
  it("is the plain files of its workspace", async () => {
    const ask = desk();
    expect(await ask("list_files", {})).toBe(".env\na.txt\nsrc/b.txt");
    expect(await ask("list_files", { folder: "src/" })).toBe("src/b.txt");
    expect(await ask("read_file", { path: "./a.txt", from: 2, to: 3 })).toBe(
      "a.txt, lines 2 to 3 of 4:\ntwo\nthree".replace("a.txt", "./a.txt"),
    );
    expect(await ask("search_files", { text: "two" })).toBe("a.txt:2: two\nsrc/b.txt:1: two again");
  });

  it.each([
    ...[
      "../x",
      "/etc/passwd",
      "held.txt",
      "link.txt",
      "linked/passwd.txt",
      "src/.git/config",
      "src/.GIT/config",
    ],
    ...["pipe.txt", "src", "a.txt/x", "no\0thing", "src/../../x"],
  ])("is not %j", async (path) => {
    const said = await desk()("read_file", { path });
    expect(said).toMatch(/not a (text )?file you can read|There is no file/);
    expect(said).not.toContain("secret");
  });

  it("is no linked folder and nothing hidden, by list and search either", async () => {
    const ask = desk();
    for (const folder of ["linked", "..", "/etc"])
      expect(await ask("list_files", { folder })).toContain("not a folder");
    expect(await ask("search_files", { text: "secret" })).toBe("No line contains it.");
  });

  it("is bounded in one answer and in all, and shows nothing unseen", async () => {
    await writeFile(join(made.root, "long.txt"), `\u202e${"x".repeat(100_000)}`);
    const ask = desk();
    const first = await ask("read_file", { path: "long.txt" });
    expect(first.length).toBeLessThanOrEqual(16_000);
    expect(first).toContain("<U+202E>");
    for (let round = 0; round < 20; round += 1) await ask("read_file", { path: "long.txt" });
    expect(await ask("read_file", { path: "a.txt" })).toContain("You have read enough");
  });
});

describe("what a model may write", () => {
  const draft = () => {
    const program = { ...SAMPLE_PROGRAM, edit: ["**"], protect: [] };
    return new Draft({ root: made.root, program, isHidden: (path) => path === "held.txt" });
  };
  const attempt = (edits: Edit[]) => draft().attempt({ title: "t", why: "w", edits });

  it("is new and old files, several edits of one on top of each other", async () => {
    const said = await attempt([
      { path: "a.txt", search: "one", replace: "1" },
      { path: "a.txt", search: "1\ntwo", replace: "1\n2" },
      { path: "new/deep/c.txt", content: "c\n" },
    ]);
    expect(said).toContain("is proposed");
    expect(await readFile(join(made.root, "a.txt"), "utf8")).toBe("1\n2\nthree\n");
    expect(await readFile(join(made.root, "new/deep/c.txt"), "utf8")).toBe("c\n");
  });

  it.each([
    ...[
      "../x.txt",
      "/tmp/x.txt",
      "held.txt",
      "link.txt",
      "linked/new.txt",
      "linked/passwd.txt",
      ".git/hooks/x",
    ],
    ...["src/.git/config", "pipe.txt", "src", "a.txt/x"],
  ])("is not %j, and then nothing is written", async (path) => {
    const said = await attempt([
      { path: "a.txt", search: "one", replace: "1" },
      { path, content: "pwned\n" },
    ]);
    expect(said).toMatch(/Nothing was changed|cannot be written/);
    expect(await readFile(join(made.root, "a.txt"), "utf8")).toBe("one\ntwo\nthree\n");
    expect(await readFile(join(outside.root, "passwd.txt"), "utf8")).toBe("secret of the machine\n");
    expect(await readFile(join(made.root, "src/.git/config"), "utf8")).toBe("secret of git\n");
  });

  it("is no change that changes nothing, and no second idea", async () => {
    expect(await attempt([{ path: "a.txt", search: "one", replace: "one" }])).toContain(
      "leave every file as it is",
    );
    expect(await attempt([{ path: "a.txt" }])).toContain("neither `search` and `replace` nor `content`");
    const one = draft();
    const both = await Promise.all(
      ["1", "uno"].map((replace) =>
        one.attempt({ title: replace, why: "w", edits: [{ path: "a.txt", search: "one", replace }] }),
      ),
    );
    expect(both[0]).toContain("is proposed");
    expect(both[1]).toContain("A change is proposed already");
    expect(one.idea?.title).toBe("1");
  });
});
