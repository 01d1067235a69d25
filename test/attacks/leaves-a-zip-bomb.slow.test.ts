import { attack } from "./harness.ts";

const UNPACK = `const text = require("zlib").gunzipSync(require("fs").readFileSync("model.gz"), { maxOutputLength: 2e9 });
console.log("error: " + (10 - Number(text.subarray(0, 9))))`;

attack("an artifact that unpacks to more memory than is allowed ends its evaluator, not the night", {
  settings: {
    limits: { time: "20s", memory: "150MB" },
    artifact: ["model.gz"],
    evaluate: `node -e '${UNPACK}'`,
  },
  files: { "train.sh": "echo 3 | gzip > model.gz\n" },
  honest: { "train.sh": "echo 4 | gzip > model.gz\n" },
  edits: { "train.sh": "head -c 600000000 /dev/zero | gzip -1 > model.gz\n" },
  ends: ["crashed"],
});
