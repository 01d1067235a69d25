import { FOLDER } from "./folder-victim.ts";
import { attack } from "./harness.ts";

attack("an artifact of more files than anybody needs is not copied", {
  ...FOLDER,
  edits: {
    "train.sh": "mkdir -p model; echo 10 > model/guess.txt; seq -f 'model/%.0f' 20000 | xargs touch\n",
  },
  ends: ["no_metric"],
});

attack("an artifact of folders in folders without end is not copied", {
  ...FOLDER,
  edits: {
    "train.sh": `mkdir -p model; echo 10 > model/guess.txt
cd model; i=0; while [ $i -lt 3000 ]; do mkdir deeper-and-deeper && cd deeper-and-deeper || break; i=$((i + 1)); done\n`,
  },
  ends: ["no_metric"],
});
