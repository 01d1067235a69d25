import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");

test("the version is nightlab's own, also when npm starts it in another package", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const env = { ...process.env, npm_package_version: "99.0.0" };
  const said = execFileSync(process.execPath, [join(ROOT, "bin", "nightlab.js"), "--version"], {
    env,
    encoding: "utf8",
  });
  expect(said.trim()).toBe(version);
});
