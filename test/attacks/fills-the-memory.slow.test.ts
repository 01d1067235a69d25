import { expect } from "vitest";
import { attack } from "./harness.ts";

const EAT = "const held = []; while (true) held.push(Buffer.alloc(10_000_000, 1));";

attack("a candidate that takes more memory than it may is ended with all it started", {
  settings: { limits: { time: "20s", memory: "200MB" } },
  edits: { "train.sh": `node -e '${EAT}' &\nnode -e '${EAT}'\nwait\n` },
  ends: ["crashed"],
  after: ({ outcomes }) => expect(outcomes.at(-1)).toMatchObject({ cause: "out_of_memory" }),
});
