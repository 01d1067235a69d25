import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const src = resolve(import.meta.dirname, "../../src");

const ROOT = [
  "core",
  "text",
  "forecast",
  "judge",
  "loop",
  "program",
  "ledger",
  "workspace",
  "sandbox",
  "researcher",
  "gateway",
  "view",
];

/** Which rooms each room may import from; itself is always allowed. Adapters never import each other. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  judge: ["core"],
  text: [],
  forecast: ["core"],
  loop: ["core", "text", "forecast"],
  program: ["core"],
  ledger: ["core"],
  workspace: ["core"],
  sandbox: ["core"],
  researcher: ["core", "text"],
  gateway: ["core"],
  view: ["core", "judge", "forecast"],
  notify: ["core"],
  testing: ["core"],
  init: ["core", "program", "loop"],
  compose: [...ROOT, "compose.ts"],
  "compose.ts": [...ROOT, "compose"],
  mcp: ["core", "text", "view", "program", "compose", "compose.ts"],
  cli: ["core", "view", "program", "init", "notify", "mcp", "compose", "compose.ts"],
};

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => join(folder, path));
}

function roomOf(path: string): string {
  return relative(src, path).split("/")[0] ?? "";
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  const matches = text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g);
  return [...matches].map((match) => match[1] ?? "");
}

describe("imports", () => {
  const files = sourceFiles(src);

  it("are found at all", () => {
    expect(files.length).toBeGreaterThan(20);
    expect(importsOf(join(src, "loop/lab.ts"))).toContain("../core/ledger.ts");
  });

  it.each(files.map((path) => relative(src, path)))("%s only goes inwards", (name) => {
    const path = join(src, name);
    const room = roomOf(path);
    const allowed = ALLOWED[room];
    expect(allowed, `src/${room} is a new room: give it a line in ALLOWED`).toBeDefined();
    for (const specifier of importsOf(path).filter((one) => one.startsWith("."))) {
      const target = roomOf(resolve(dirname(path), specifier));
      expect(target === room || allowed?.includes(target), `${name} imports ${specifier}`).toBe(true);
    }
  });

  it("keeps process, clock, files and network out of the core and the judge", () => {
    const banned = /^node:(?!path$)/;
    const clock = /\bDate\.now\(|new Date\(\)|Math\.random\(|setTimeout\(|process\./;
    for (const path of files.filter((one) => ["core", "judge"].includes(roomOf(one)))) {
      expect(
        importsOf(path).filter((one) => banned.test(one)),
        path,
      ).toEqual([]);
      expect(readFileSync(path, "utf8"), path).not.toMatch(clock);
    }
  });
});
