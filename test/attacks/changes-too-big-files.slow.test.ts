import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { attack } from "./harness.ts";

attack("a file larger than a change may be is out of scope", {
  edits: { "src/big.bin": "" },
  propose: (workspace) => truncate(join(workspace, "src/big.bin"), 21 * 1024 ** 2),
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});

attack("a file of a tebibyte without content is refused without being read", {
  edits: { "src/huge.bin": "" },
  propose: (workspace) => truncate(join(workspace, "src/huge.bin"), 1024 ** 4),
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
