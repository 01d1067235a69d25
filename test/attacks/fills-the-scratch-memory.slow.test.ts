import { attack, trainIf } from "./harness.ts";

const FILL = (folder: string) => `head -c 150000000 /dev/zero > ${folder}/ballast`;

attack("scratch folders in memory hold no more than the memory a candidate may have", {
  settings: { limits: { time: "20s", memory: "100MB" } },
  edits: { "train.sh": trainIf(`${FILL("/dev/shm")} || ${FILL("/tmp")} || ${FILL("/var/tmp")}`) },
  // A full folder, or the end by the kernel where it counts these folders as memory.
  ends: ["discarded", "crashed"],
  notCoveredByProcess: "files: the command reads and writes whatever you can",
});
