import { attack, trainScript, writeFiles } from "./harness.ts";

const drivers = (outside: string) =>
  ["clean", "smudge", "process"].map((name) => `\t${name} = touch ${outside}/${name}\n`).join("");

attack("filters and attributes planted in the .git of a workspace are never run", {
  edits: { "train.sh": trainScript("echo filtered") },
  propose: (workspace, { outside }) =>
    writeFiles(workspace, {
      ".git/info/attributes": "* filter=evil diff=evil merge=evil\n",
      ".git/config": `[filter "evil"]\n${drivers(outside)}[diff "evil"]\n\ttextconv = touch ${outside}/textconv\n`,
    }),
  ends: ["discarded"],
});
