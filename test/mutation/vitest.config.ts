import { defineConfig } from "vitest/config";

/**
 * The tests that speak of the mutated rooms, and only the quick ones: each mutant runs those that reach it. Left out are
 * simulations, and the kill storm, whose writers are processes of their own that no mutant reaches.
 */
export default defineConfig({
  test: {
    include: ["test/judge/**/*.test.ts", "test/core/scope*.test.ts", "test/ledger/**/*.test.ts"],
    exclude: [
      "test/**/*.slow.test.ts",
      "test/judge/{simulated-*,coverage}.test.ts",
      "test/ledger/kill.test.ts",
    ],
    testTimeout: 20_000,
  },
});
