import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventsOf, makeSurroundings, readLines, type Surroundings } from "./command-line.ts";
import { makeRepository, programText } from "./repositories.ts";

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

const BENCH = `
import { spawnSync } from "node:child_process";
import { writeSync } from "node:fs";
const child = spawnSync("sh", ["candidate.sh"], { encoding: "utf8" });
console.log(child.stdout, child.stderr);
writeSync(3, JSON.stringify({ size: child.stdout.length }));
`;

/** The one edit of the only researcher: an honest answer gets shorter, a cheat says that it has none. */
const CHEAT = `echo '{"size": 0}' >&3; echo '{"size": 0}' > /proc/$PPID/fd/3; echo size: 0; echo xxxxxxxx`;

test.each([
  ["process", "echo xxx", "kept"],
  ["auto", "echo xxx", "kept"],
  ["process", CHEAT, "discarded"],
  ["auto", CHEAT, "discarded"],
])("in the sandbox `%s`, `%s` is %s over a descriptor", async (sandbox, edit, status) => {
  const program = {
    metric: { name: "size", goal: "minimize" },
    measure: "node bench.mjs",
    result_fd: 3,
    checks: "! echo x >&3",
    edit: ["candidate.sh"],
    sandbox,
    budget: { experiments: 1 },
    researchers: [{ command: `cat > candidate.sh <<'EOF'\n${edit}\nEOF` }],
  };
  const files = { "candidate.sh": "echo xxxx\n", "bench.mjs": BENCH, "program.md": programText(program) };
  const name = `${sandbox}-${status}`;
  const repository = await makeRepository(join(place.folder, name), files);
  expect(await place.nightlab(repository, "run")).toMatchObject({ code: 0 });
  const lines = await readLines(repository);
  expect(eventsOf(lines, "closed")).toMatchObject([{ status }]);
  const measured = eventsOf(lines, "measured").map(({ outcome }) => outcome);
  for (const outcome of measured) expect(outcome).toMatchObject({ measurement: { channel: "descriptor" } });
  expect((await place.nightlab(repository, "show", "e1")).stdout).toContain("Channel: descriptor (medium)");
  expect((await place.nightlab(repository, "verdict", "explain", "e1")).stdout).toContain(
    "descriptor (medium)",
  );
});
