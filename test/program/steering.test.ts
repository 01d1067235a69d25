import { describe, expect, test } from "vitest";
import { scopeProblem } from "../../src/core/scope.ts";
import { restoredGlobs } from "../../src/loop/restored-globs.ts";
import { STEERING } from "../../src/program/steering.ts";

const problem = (path: string, edit: readonly string[]) =>
  scopeProblem([{ path, status: "modified", mode: "file", bytes: 1 }], {
    edit,
    protect: [],
    steering: STEERING,
  });

describe("a file that steers the tools", () => {
  test.each([
    "package.json",
    "packages/a/package.json",
    ".npmrc",
    "tests/conftest.py",
    "sitecustomize.py",
    "lib/x.pth",
    "vitest.config.mts",
    "tsconfig.build.json",
    "Makefile",
    "build.rs",
    ".cargo/config.toml",
    "node_modules/left-pad/index.js",
    "src/__pycache__/model.cpython-312.pyc",
    ".env",
  ])("is not opened by a glob: %s", (path) => {
    expect(problem(path, ["**"])).toMatch(
      /steers the tools that measure: candidates may change it if `edit` names/,
    );
  });

  test("is opened by its name, it alone", () => {
    const edit = ["src/**", "webpack.config.js", "tools/package.json"];
    expect(problem("webpack.config.js", edit)).toBeUndefined();
    expect(problem("tools/package.json", edit)).toBeUndefined();
    expect(problem("vite.config.js", [...edit, "**"])).toMatch(/steers/);
    expect(problem("package.json", [...edit, "**"])).toMatch(/steers/);
  });

  test("is restored before every measurement, unless a file of that name may be edited", () => {
    const restored = restoredGlobs({
      edit: ["**", "tools/package.json"],
      protect: ["a"],
      steering: STEERING,
    });
    expect(restored).toContain("a");
    expect(restored).toContain("**/conftest.py");
    expect(restored).not.toContain("**/package.json");
  });

  test("is not every file: code and data of a project stay editable", () => {
    for (const path of ["src/package.ts", "train.py", "config.json", "src/make.ts", "docs/env.md"])
      expect(problem(path, ["**"])).toBeUndefined();
  });
});
