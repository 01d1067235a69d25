import { expect } from "vitest";
import { attack } from "./harness.ts";

const paint = String.raw`printf '\033[2J\033]0;pwned\007\033[31merror: 0\033[0m\r\rerror: 0\b\b\n\302\233 31m\342\200\256evil\n'`;

attack("control sequences in a log neither paint the screen of its reader nor make a metric", {
  victim: "stdout",
  edits: { "train.sh": `${paint}\nexit 3\n` },
  files: { "measure.sh": "sh train.sh && awk -f evaluate.awk model.txt data/validation.txt\n" },
  ends: ["crashed"],
  after({ record, brief }) {
    const told = `${record.logTail}${JSON.stringify(brief.history)}`;
    expect(record.logTail).toContain("evil");
    expect(told).not.toMatch(/[\p{Cc}--[\n\t]]/v);
  },
});
