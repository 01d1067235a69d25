import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readmePath, tree, withTree } from "./readme-tree.ts";

describe("the README", () => {
  const readme = readFileSync(readmePath, "utf8");

  it("shows the tree as it is: node test/house/readme-tree.ts --write", () => {
    expect(readme).toBe(withTree(readme));
  });

  it("has a clause for every file of the tree", () => {
    const bare = tree()
      .split("\n")
      .filter((line) => /^\s*\S+\.(ts|js)$/.test(line.trimEnd()));
    expect(bare, "these files have no head comment").toEqual([]);
  });

  it("links only to what is there", () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] ?? "");
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((link) => !existsSync(join(dirname(readmePath), link)))).toEqual([]);
  });
});
