/** A process that waits for "go" and repairs the ledger in argv[2]: to be killed at it. */

import { once } from "node:events";
import { writeSync } from "node:fs";
import { repairLedger } from "../../src/ledger/repair-ledger.ts";
import { headMoveTo } from "../../src/loop/lost-move.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

const [folder = ""] = process.argv.slice(2);
writeSync(1, "ready\n");
await once(process.stdin, "data");
await repairLedger({ folder, clock: new FakeClock(), lostMove: headMoveTo });
process.exit(0);
