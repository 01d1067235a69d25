import { attack } from "./harness.ts";

attack("scripts of package.json changed by a candidate are out of scope where all may be edited", {
  settings: { edit: ["**"] },
  files: { "package.json": '{ "scripts": { "measure": "sh train.sh" } }\n' },
  edits: { "package.json": '{ "scripts": { "measure": "echo error: 0" } }\n' },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
