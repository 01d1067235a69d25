import { expect, it } from "vitest";
import { attack, trainScript } from "./harness.ts";
import { canMount, onSmallDisk } from "./small-state.ts";

if (canMount)
  attack("a candidate that takes all file entries of a disk is ended at half of them", {
    before: onSmallDisk("size=80m,nr_inodes=40000"),
    edits: {
      "train.sh": trainScript(
        "for i in 1 2 3 4 5 6 7 8; do mkdir $i; seq -f $i/%.0f 4000 | xargs touch; sleep 0.05; done",
      ),
    },
    ends: ["crashed"],
    after: ({ outcomes }) => expect(outcomes.at(-1)).toMatchObject({ cause: "out_of_disk" }),
  });
else
  it.skip("a candidate that takes all file entries: SKIPPED, a small disk takes root on Linux", () =>
    undefined);
