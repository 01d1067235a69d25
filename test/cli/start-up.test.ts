/** What `nightlab status` loads: start-up is mostly the loading of modules, so the ones it needs are counted here. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { quickStatus } from "../../src/cli/quick-status.ts";
import { keepLastView } from "../../src/compose/keep-view.ts";
import { findStudy, readStudy, rememberBudget } from "../../src/compose/read-study.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { loadProgram } from "../../src/program/load.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { sampleEvents } from "../../src/testing/sample-events.ts";

const launcher = join(import.meta.dirname, "..", "..", "bin", "nightlab.js");
const main = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

/** Prints the URL of every module it loads on stderr, then runs the command line. */
const LISTING = `
import { registerHooks } from "node:module";
import { channel } from "node:diagnostics_channel";
registerHooks({ load(url, context, next) { process.stderr.write("loads " + url + "\\n"); return next(url, context); } });
channel("nightlab:git").subscribe((args) => process.stderr.write("git " + args[0] + "\\n"));
if (process.env.LAUNCHED === "1") await import(${JSON.stringify(launcher)});
else process.exitCode = await (await import(${JSON.stringify(main)})).main(process.argv.slice(2));
`;

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "nightlab-start-")));
  execFileSync("git", ["init", "-q", "-b", "main", folder]);
  await writeFile(join(folder, "listing.mjs"), LISTING);
  const programPath = join(folder, "program.md");
  const program =
    "---\nmetric: { name: loss, goal: minimize }\nmeasure: cat a\nedit: [a]\nbudget: { experiments: 9 }\n---\n# Mission\n";
  await writeFile(programPath, program);
  const ledger = await openLedger({
    folder: join(folder, ".nightlab"),
    clock: new FakeClock(),
    mode: "write",
  });
  await ledger.append(sampleEvents);
  await ledger.close();
  await rememberBudget(
    { root: folder, folder: join(folder, ".nightlab"), programPath },
    loadProgram(programPath),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Loaded {
  readonly modules: string[];
  readonly gits: string[];
  readonly stdout: string;
}

const loadedBy = (...args: string[]): Loaded => loadedIn({}, ...args);

/** By bin/nightlab.js, as a user calls it. */
const launchedBy = (...args: string[]): Loaded => loadedIn({ LAUNCHED: "1" }, ...args);

function loadedIn(env: Record<string, string>, ...args: string[]): Loaded {
  const { stdout, stderr } = spawnSync("node", [join(folder, "listing.mjs"), ...args], {
    encoding: "utf8",
    cwd: folder,
    env: { ...process.env, ...env, XDG_CACHE_HOME: join(folder, "cache") },
  });
  const lines = stderr.trim().split("\n");
  const rest = (prefix: string) =>
    lines.flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length)] : []));
  return { modules: rest("loads "), gits: rest("git "), stdout };
}

it("status loads the ledger and the view, and nothing that works on a study", () => {
  const { modules, gits, stdout } = loadedBy("status", "--json");
  expect(JSON.parse(stdout).run.budget).toMatchObject([{ name: "experiments", limit: 9 }]);
  expect(modules.some((url) => url.includes("/src/view/study-view.ts"))).toBe(true);
  const heavy = modules.filter((url) =>
    /node_modules\/(kysely|yaml|micromark|mdast)|src\/(loop|judge|researcher|sandbox\/(?!tool-chains)|program|init|compose\.ts)/.test(
      url,
    ),
  );
  expect(heavy).toEqual([]);
  expect(gits).toEqual([]);
  expect(modules.length).toBeLessThan(180);
});

it("status says the same from the kept view, and loads neither schemas nor the parser of the command line", async () => {
  const full = launchedBy("status");
  const place = await findStudy(folder);
  await keepLastView(place, (await readStudy(place)).study);
  const quick = launchedBy("status");
  expect(quick.stdout).toBe(full.stdout);
  expect(full.modules.some((url) => url.includes("node_modules/zod"))).toBe(true);
  expect(quick.modules.filter((url) => url.includes("node_modules/"))).toEqual([]);
  expect(quick.modules.filter((url) => url.startsWith("file:")).length).toBeLessThan(30);
  expect(launchedBy("status", "-C", join(folder, ".git")).modules).toEqual(quick.modules);
  for (const more of [["--json"], ["--help"], ["-C"], ["-C", folder, "--json"], ["elsewhere"]])
    expect(quickStatus(["status", ...more])).toBeUndefined();
  expect(JSON.parse(launchedBy("status", "--json").stdout).experiments).not.toEqual([]);
});

it("a kept view that no view is, is ignored without a word", async () => {
  const before = launchedBy("status").stdout;
  const path = join(folder, ".nightlab", "view.json");
  const kept = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...kept, view: { nowMs: 0, run: {} } }));
  expect(launchedBy("status").stdout).toBe(before);
  await rm(path);
});

it("status parses program.md once it was edited, and shows the budget that stands there now", async () => {
  const path = join(folder, "program.md");
  await writeFile(path, (await readFile(path, "utf8")).replace("experiments: 9", "experiments: 77"));
  const { modules, stdout } = loadedBy("status", "--json");
  expect(JSON.parse(stdout).run.budget).toMatchObject([{ name: "experiments", limit: 77 }]);
  expect(modules.some((url) => url.includes("node_modules/yaml"))).toBe(true);
});

it("the version is told without loading any command", () => {
  const { modules } = loadedBy("--version");
  expect(modules.filter((url) => /src\/cli\/commands|node_modules\/zod/.test(url))).toEqual([]);
});
