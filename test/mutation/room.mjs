/**
 * Mutation testing on demand, of the rooms where a wrong line costs most: the decision, the scope and the record.
 * `npm run mutate` does all three, `npm run mutate:ledger` one, `npm run mutate:ledger -- --mutate src/ledger/salvage.ts`
 * one file. Figures: docs/mutation.md.
 *
 * A room has tests of its own: what a constant decides is decided once, when the file is loaded, so Stryker runs every test
 * against a changed constant.
 */
export function room(name, { mutate, tests }) {
  return {
    mutate,
    testRunner: "vitest",
    vitest: {
      configFile: "test/mutation/vitest.config.ts",
      dir: tests,
      related: false,
      // Tests of folders without write permission change the user id, which worker threads cannot.
      pool: "forks",
    },
    coverageAnalysis: "perTest",
    concurrency: 2,
    incremental: true,
    incrementalFile: `.stryker/${name}-incremental.json`,
    tempDirName: `.stryker/${name}-sandbox`,
    // Without tsconfig.json: Stryker would rewrite it with the JavaScript API that TypeScript 7 no longer has.
    ignorePatterns: ["/targets", "/bench", "/docs", "/dist", "/.nightlab", "/tsconfig*.json"],
    reporters: ["clear-text", "progress", "json", "html"],
    jsonReporter: { fileName: `.stryker/${name}.json` },
    htmlReporter: { fileName: `.stryker/${name}.html` },
    clearTextReporter: { allowColor: false, logTests: false, allowEmojis: false },
    thresholds: { high: 90, low: 80, break: 80 },
  };
}
