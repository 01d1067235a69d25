import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { killRounds, readNumbers } from "./kill-rounds.ts";

it("keeps every acknowledged line over many killed writers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ledger-"));
  for (let batch = 0; batch < 10; batch++) await killRounds(folder, 4);
  expect((await readNumbers(folder)).length).toBeGreaterThan(40);
  rmSync(folder, { recursive: true });
});
