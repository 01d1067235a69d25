import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

describe("the Node that runs nightlab", () => {
  it("is the pinned one, not an older system Node left by a skipped install script", () => {
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
    expect(
      major * 100 + minor,
      `this is Node ${process.versions.node}: npm ci must run install scripts`,
    ).toBeGreaterThanOrEqual(2415);
  });

  it("is the version that package.json pins as a development dependency", () => {
    const manifest = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../package.json"), "utf8"));
    const printed = spawnSync("npx", ["--no-install", "node", "-v"], { encoding: "utf8" }).stdout.trim();
    expect(printed).toBe(`v${manifest.devDependencies.node}`);
  });
});
