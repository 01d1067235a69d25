import { expect } from "vitest";
import { seedFrom } from "../../src/loop/seeds.ts";
import { attack, trainIf, trainScript } from "./harness.ts";

const ENOUGH = 1000;

attack("the environment of a candidate holds its own seed and no other secret", {
  edits: {
    "train.sh": trainIf(
      "env | grep -v -e ^NIGHTLAB_SEED= -e ^NIGHTLAB_PROCESS= | grep -i nightlab_ || env | grep -i secret",
    ),
  },
  ends: ["discarded"],
});

attack("what a researcher is told does not give away the seeds of others", {
  edits: { "train.sh": trainScript("echo guessing") },
  ends: ["discarded"],
  after: ({ brief }) => {
    // 48 bits, each guess as dear as two thousand hashes: what can be tried in a night is next to nothing of them.
    const guesses = Array.from({ length: ENOUGH }, (_, index) => index);
    const found = guesses.filter(
      (seed) => seedFrom(seed, "researcher", brief.experiment) === brief.randomSeed,
    );
    expect(found).toEqual([]);
  },
});
