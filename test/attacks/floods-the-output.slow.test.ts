import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { attack, trainScript } from "./harness.ts";

attack("a flood of output is cut, and costs neither the log nor the value", {
  settings: { limits: { time: "20s", output: "1MB" } },
  edits: { "train.sh": trainScript("head -c 40000000 /dev/zero; yes 'error: 0' | head -c 40000000") },
  ends: ["discarded"],
  after({ repository }) {
    const logs = join(repository, ".nightlab/logs/e1");
    const sizes = readdirSync(logs).map((name) => statSync(join(logs, name)).size);
    expect(Math.max(...sizes)).toBe(1024 ** 2);
  },
});
