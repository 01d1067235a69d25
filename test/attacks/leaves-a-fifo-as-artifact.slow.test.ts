import { attack } from "./harness.ts";

attack("a pipe in place of the artifact keeps nobody waiting", {
  edits: { "train.sh": "mkfifo model.txt\n" },
  ends: ["no_metric"],
});
