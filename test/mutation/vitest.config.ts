import { defineConfig } from "vitest/config";

/**
 * The quick tests of one room (its folder is the `dir` of room.mjs): each mutant runs those that reach it. Left out are
 * simulations, and the kill storm, whose writers are processes of their own that no mutant reaches.
 */
export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: ["**/*.slow.test.ts", "**/simulated-*.test.ts", "**/coverage.test.ts", "**/kill.test.ts"],
    // One process for all files of a run: starting one for each took most of the time. The next mutant gets a new one.
    isolate: false,
    testTimeout: 20_000,
  },
});
