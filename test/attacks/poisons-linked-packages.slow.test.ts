import { attack, trainIf } from "./harness.ts";

attack("a linked folder, shared with the user's checkout, cannot be written", {
  settings: { link: ["packages"] },
  files: { ".gitignore": "packages\n", "packages/index.js": "honest\n" },
  edits: { "train.sh": trainIf("cat packages/index.js && echo evil >> packages/index.js") },
  ends: ["discarded"],
  notCoveredByProcess: "files: the command reads and writes whatever you can",
});
