import { attack } from "./harness.ts";

attack("a link to an endless device in place of the artifact is not read", {
  edits: { "train.sh": "ln -s /dev/zero model.txt\n" },
  ends: ["no_metric"],
});
