import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** `fast` and `attacks` are `npm test`; `slow` (whole studies on real targets, kill storms) is `npm run test:full`. */
export default defineConfig({
  test: {
    // Most tests wait for git and other processes: a worker a core, where the default leaves one core idle.
    maxWorkers: availableParallelism(),
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.slow.test.ts", "test/attacks/**"],
          // A process per file would load everything a hundred times: a third of all CPU time.
          isolate: false,
          // Generous: a busy machine is no failure, and speed is not asserted.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "attacks",
          include: ["test/attacks/*.test.ts"],
          exclude: ["test/**/*.slow.test.ts"],
          // One file per attack, each small: what they share is loaded and prepared once per worker.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "slow-attacks",
          include: ["test/attacks/*.slow.test.ts"],
          isolate: false,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 300_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "slow",
          include: ["test/**/*.slow.test.ts"],
          exclude: ["test/attacks/**"],
          testTimeout: 300_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
