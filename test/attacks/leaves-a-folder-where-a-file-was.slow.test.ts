import { FOLDER } from "./folder-victim.ts";
import { attack } from "./harness.ts";

attack(
  "a folder where the base commit has a file, and a file where it has a folder, end the measurement alone",
  {
    ...FOLDER,
    files: { ...FOLDER.files, "model/file": "x\n", "model/folder/file": "x\n" },
    edits: {
      "train.sh":
        "rm -r model; mkdir -p model/file/x; echo 10 > model/guess.txt; echo x > model/file/x/y; echo x > model/folder\n",
    },
    ends: ["no_metric"],
  },
);
