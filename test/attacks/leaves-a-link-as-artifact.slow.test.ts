import { attack } from "./harness.ts";

attack("a link in place of the artifact is not followed", {
  edits: { "train.sh": "echo 10 > src/best; ln -s src/best model.txt\n", "src/best": "10\n" },
  ends: ["no_metric"],
});
