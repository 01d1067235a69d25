import { FOLDER } from "./folder-victim.ts";
import { attack } from "./harness.ts";

attack("a folder with a link in it is not taken as an artifact", {
  ...FOLDER,
  edits: { "train.sh": "mkdir -p model; ln -s ../data/validation.txt model/guess.txt\n" },
  ends: ["no_metric"],
});
