import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LedgerLine } from "../../src/core/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { ledgerConformance } from "../../src/testing/ledger-conformance.ts";
import { MemoryLedger } from "../../src/testing/memory-ledger.ts";

ledgerConformance("SQLite", async (clock) => {
  const folder = await mkdtemp(join(tmpdir(), "ledger-"));
  return {
    open: () => openLedger({ folder, clock, mode: "write" }),
    dispose: () => rm(folder, { recursive: true }),
  };
});

ledgerConformance("memory", async (clock) => {
  const disk: LedgerLine[] = [];
  return { open: async () => new MemoryLedger(clock, disk), dispose: async () => {} };
});
