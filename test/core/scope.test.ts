import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { globMatcher, scopeProblem } from "../../src/core/scope.ts";
import type { Change } from "../../src/core/workspace.ts";

const MEBIBYTE = 1024 * 1024;
const changed = (path: string, change: Partial<Change> = {}): Change => ({
  path,
  status: "modified",
  mode: "file",
  bytes: 10,
  ...change,
});
const rule = { edit: ["src", "*.md"], protect: ["src/evaluate.ts", "*.env"], steering: [] as string[] };
const problemOf = (path: string, change: Partial<Change> = {}) => scopeProblem([changed(path, change)], rule);

describe("a glob", () => {
  it.each([
    ["src/a.ts", "src/a.ts", true],
    ["src/a.ts", "src/b.ts", false],
    ["src/a.ts", "src", true],
    ["src/a.ts", "src/", true],
    ["src/a.ts", "src///", true],
    ["srcs/a.ts", "src", false],
    ["src", "src/a.ts", false],
    ["a/src/b.ts", "src", false],
    ["src/deep/er/a.ts", "src", true],
    ["src/deep/a.ts", "src/*.ts", false],
    ["src/deep/a.ts", "src/*", true],
    ["src/deep/a.ts", "src/**/*.ts", true],
    ["src/a.ts", "src/**/*.ts", true],
    ["src/a.ts", "src/*.{js,ts}", true],
    ["src/a.ts", "src/?.ts", true],
    ["src/A.ts", "src/a.ts", false],
    ["lib/src/a.ts", "*/src", true],
    ["a b/ü.ts", "a b/*.ts", true],
    ["a", "**", true],
    ["a", "", false],
  ])("%s against %s: %s", (path, glob, matches) => {
    expect(globMatcher([glob])(path)).toBe(matches);
  });

  it.each([
    [".env", "*"],
    [".env", "**"],
    [".env", ".env"],
    [".env", ".*"],
    [".env", "*.env"],
    [".env", "**.env"],
    [".env", "{*.key,*.env}"],
    [".env", "*.{key,env}"],
    [".env", "@(*.key|*.env)"],
    [".env", "+(.key|.env)"],
    ["conf/.env", "**/*.env"],
    ["conf/.env/deep", "**/*.env"],
    ["data/.secret", "data/**"],
    ["data/.secret", "data"],
    ["data/.secret/key", "data/*/key"],
    ["data/.a/.b/key", "data/*.a/*.b/key"],
    ["data/x.a/.b/key", "data/*.a/*.b/key"],
    [".github/workflows/ci.yml", "{src,.github}/**"],
    [".github/workflows/ci.yml", "**/*.yml"],
  ])("finds names that begin with a dot like any other: %s by %s", (path, glob) => {
    expect(globMatcher([glob])(path)).toBe(true);
  });

  it.each([
    ["env", "*.env"],
    ["aenv", "*.env"],
    ["a.env.bak", "*.env"],
    [".envs", "*.env"],
    [".env", "?.env"],
    ["data/env", "data/*.env"],
    ["data/.env/x", "data/*.env/y"],
  ])("does not find %s by %s", (path, glob) => {
    expect(globMatcher([glob])(path)).toBe(false);
  });

  it("finds the file whose plain name it is, and what lies below that", () => {
    for (const name of ["pages/[id].ts", "pages/{a", "pages/(group)", "what?"]) {
      expect(globMatcher([name])(name), name).toBe(true);
      expect(globMatcher([`${name}/`])(`${name}/x`), name).toBe(true);
      expect(globMatcher([name])(`x/${name}`), name).toBe(false);
    }
  });

  it("is any of several, and none of none", () => {
    const matches = globMatcher(["a.ts", "b"]);
    expect([matches("a.ts"), matches("b/c"), matches("c")]).toEqual([true, true, false]);
    expect(globMatcher([])("a.ts")).toBe(false);
  });

  it("of a path or of a folder above it always finds that path, whatever its name", () => {
    const name = fc.string({
      unit: fc.constantFrom("a", "B", ".", "-", " ", "[", "]", "{", "*", "?", "é"),
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), fc.nat(), (names, cut) => {
        const glob = names.slice(0, 1 + (cut % names.length)).join("/");
        expect(globMatcher([glob])(names.join("/"))).toBe(true);
      }),
    );
  });
});

describe("the scope", () => {
  it("lets editable files be added, changed, deleted and made executable", () => {
    const changes = [
      changed("src/a.ts", { status: "added" }),
      changed("src/b.ts", { mode: "executable" }),
      changed("README.md", { status: "deleted", mode: "none", bytes: 0 }),
    ];
    expect(scopeProblem(changes, rule)).toBeUndefined();
    expect(scopeProblem([], rule)).toBeUndefined();
  });

  it("names a file that is not editable, and what is", () => {
    expect(problemOf("lib/a.ts")).toBe("lib/a.ts is not among the editable files (src, *.md)");
  });

  it("lets protected win over editable", () => {
    expect(problemOf("src/evaluate.ts")).toBe("src/evaluate.ts is protected");
    expect(scopeProblem([changed("src/.env")], { ...rule, protect: ["**/*.env"] })).toBe(
      "src/.env is protected",
    );
  });

  it("names the first problem among several changes", () => {
    const changes = [changed("src/a.ts"), changed("x"), changed("y")];
    expect(scopeProblem(changes, rule)).toMatch(/^x is not/);
  });

  it.each([["symlink"], ["submodule"]] as const)("refuses a %s, editable or not", (mode) => {
    expect(problemOf("src/a.ts", { mode })).toBe(`src/a.ts: a ${mode} may not be added or changed`);
    expect(problemOf("src/evaluate.ts", { mode })).toContain(mode);
  });

  it.each([
    ["/etc/passwd"],
    ["../x"],
    ["src/../../x"],
    ["src/.."],
    [".git"],
    [".git/hooks/pre-commit"],
    ["src/.git/config"],
    ["src/.GIT/config"],
    ["src/.Git"],
  ])("refuses %s, even where everything is editable", (path) => {
    expect(scopeProblem([changed(path)], { edit: ["**", "/etc", "src"], protect: [], steering: [] })).toBe(
      `${path}: not a path inside the repository`,
    );
  });

  it.each([["src/.gitignore"], ["src/a.git"], ["src/..a"], ["src/git/x"], ["src/..."]])(
    "does not take %s for a way out",
    (path) => {
      expect(problemOf(path)).toBeUndefined();
    },
  );

  it("allows 500 files and no more", () => {
    const changes = Array.from({ length: 500 }, (_, index) => changed(`src/${index}.ts`));
    expect(scopeProblem(changes, rule)).toBeUndefined();
    expect(scopeProblem([...changes, changed("src/a.ts")], rule)).toBe("changes 501 files, more than 500");
  });

  it("allows 20 MiB together and no more", () => {
    const changes = [
      changed("src/a.bin", { bytes: 12 * MEBIBYTE }),
      changed("src/b.bin", { bytes: 8 * MEBIBYTE }),
    ];
    expect(scopeProblem(changes, rule)).toBeUndefined();
    expect(scopeProblem([...changes, changed("src/c.bin", { bytes: 1 })], rule)).toBe(
      "changed files hold 20971521 bytes, more than 20971520",
    );
  });
});

describe("a name in another spelling", () => {
  const strict = { edit: ["**"], protect: ["eval/Évaluate.js", "**/secret"], steering: ["**/conftest.py"] };
  const at = (path: string) => scopeProblem([changed(path)], strict);

  it.each([
    ["eval/évaluate.js", "by case"],
    ["EVAL/Évaluate.JS", "by case"],
    ["eval/E\u0301valuate.js", "by composition"],
    ["eval/Éval\u200cuate.js", "by an invisible character"],
    ["a/Secret/b.txt", "by case, in a folder"],
    ["eval/Éｖaluate.js", "by width"],
  ])("does not pass a protected one: %s, %s", (path) => {
    expect(at(path)).toBe(`${path} is protected`);
  });

  it.each([["a/.g\u200cit/config"], [".ＧIT/hooks/x"], ["GIT~1/config"]])(
    "does not reach git's folder: %s",
    (path) => {
      expect(at(path)).toBe(`${path}: not a path inside the repository`);
    },
  );

  it("does not steer tools", () => {
    expect(at("tests/Conftest.py")).toMatch(/^tests\/Conftest\.py steers the tools/);
  });

  it("may hold other letters, but no control characters", () => {
    expect(at("src/größe.ts")).toBeUndefined();
    expect(at("src/a\u001b[31m.ts")).toBe('"src/a\\u001b[31m.ts": a control character in a name');
    expect(at("src/a\nb.ts")).toMatch(/control character/);
  });
});
