/** What `nightlab status` loads: start-up is mostly the loading of modules, so the ones it needs are counted here. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rememberBudget } from "../../src/compose/read-study.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { loadProgram } from "../../src/program/load.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { sampleEvents } from "../../src/testing/sample-events.ts";

const main = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

/** Prints the URL of every module it loads on stderr, then runs the command line. */
const LISTING = `
import { registerHooks } from "node:module";
import { channel } from "node:diagnostics_channel";
registerHooks({ load(url, context, next) { process.stderr.write("loads " + url + "\\n"); return next(url, context); } });
channel("nightlab:git").subscribe((args) => process.stderr.write("git " + args[0] + "\\n"));
const { main } = await import(${JSON.stringify(main)});
process.exitCode = await main(process.argv.slice(2));
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

function loadedBy(...args: string[]): { modules: string[]; gits: string[]; stdout: string } {
  const { stdout, stderr } = spawnSync("node", [join(folder, "listing.mjs"), ...args], {
    encoding: "utf8",
    cwd: folder,
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
  expect(modules.length).toBeLessThan(170);
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
