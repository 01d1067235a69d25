import { attack } from "./harness.ts";

attack("a tsconfig.json added by a candidate is out of scope where all may be edited", {
  settings: { edit: ["**"] },
  edits: { "tsconfig.json": '{ "compilerOptions": { "paths": { "evaluate": ["./src/evil.ts"] } } }\n' },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
