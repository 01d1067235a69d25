import { attack } from "./harness.ts";

attack("more files than a change may have are out of scope", {
  edits: Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`src/${index}.txt`, `${index}\n`])),
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
