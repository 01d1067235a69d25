import { attack } from "./harness.ts";

attack("an artifact larger than the disk is not copied", {
  edits: { "train.sh": "echo 3 > model.txt; truncate -s 100T model.txt || truncate -s 8T model.txt\n" },
  ends: ["no_metric"],
});
