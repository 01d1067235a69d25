import { expect, test } from "vitest";
import { type ChainedRow, verifyRows } from "../../src/ledger/line-row.ts";

test("a row in which damage put a number or nothing where text was is damage, not a fault of ours", () => {
  for (const event of [7, null, undefined, new Uint8Array(3)]) {
    const row = { number: 1, at_ms: 1, kind: "opened", experiment: null, event, checksum: 5 };
    const verify = () => verifyRows([row as unknown as ChainedRow], { number: 0, checksum: 0 }, "ledger.db");
    expect(verify).toThrow("line 1 was altered");
  }
});
