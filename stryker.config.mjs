/**
 * Mutation testing on demand (`npm run mutate`), of the rooms where a wrong line costs most: the decision, the scope and
 * the record. One room or file: `npm run mutate -- --mutate "src/ledger/**"`. Figures: docs/mutation.md.
 */
export default {
  mutate: ["src/judge/**/*.ts", "src/core/scope.ts", "src/ledger/**/*.ts"],
  testRunner: "vitest",
  vitest: {
    configFile: "test/mutation/vitest.config.ts",
    related: false,
    // Tests of folders without write permission change the user id, which worker threads cannot.
    pool: "forks",
  },
  coverageAnalysis: "perTest",
  concurrency: 2,
  incremental: true,
  incrementalFile: ".stryker/incremental.json",
  tempDirName: ".stryker/sandbox",
  // Without tsconfig.json: Stryker would rewrite it with the JavaScript API that TypeScript 7 no longer has.
  ignorePatterns: ["/targets", "/bench", "/docs", "/dist", "/.nightlab", "/tsconfig*.json"],
  reporters: ["clear-text", "progress", "json", "html"],
  jsonReporter: { fileName: ".stryker/report.json" },
  htmlReporter: { fileName: ".stryker/report.html" },
  clearTextReporter: { allowColor: false, logTests: false, allowEmojis: false },
  thresholds: { high: 90, low: 80, break: 80 },
};
