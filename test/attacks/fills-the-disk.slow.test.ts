import { expect, it } from "vitest";
import { attack, trainScript } from "./harness.ts";
import { canMount, onSmallDisk } from "./small-state.ts";

const FILL =
  "i=0; while [ $i -lt 100 ]; do i=$((i + 1)); head -c 1000000 /dev/zero >> $1 || exit 1; sleep 0.02; done";

if (canMount) {
  for (const place of ["src/../ballast", "$HOME/ballast"])
    attack(`a candidate that fills the disk through ${place} is ended at half of what was free`, {
      before: onSmallDisk("size=80m"),
      edits: { "train.sh": trainScript(`fill() { ${FILL}; }; mkdir -p src; fill ${place}`) },
      ends: ["crashed"],
      after: ({ outcomes }) => expect(outcomes.at(-1)).toMatchObject({ cause: "out_of_disk" }),
    });
  attack("a candidate quicker than any look meets the end of the disk, and the night goes on", {
    before: onSmallDisk("size=80m"),
    edits: { "train.sh": "head -c 200000000 /dev/zero > ballast && echo 10 > model.txt\n" },
    ends: ["crashed"],
  });
} else it.skip("a candidate that fills the disk: SKIPPED, a small disk takes root on Linux", () => undefined);
