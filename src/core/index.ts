/** The words and seams of nightlab, for those who write researchers, sandboxes or views of their own. */
export * from "./brief.ts";
export * from "./clock.ts";
export * from "./errors.ts";
export * from "./experiment.ts";
export * from "./judge.ts";
export * from "./ledger.ts";
export * from "./metric.ts";
export * from "./program.ts";
export * from "./provider.ts";
export * from "./researcher.ts";
export * from "./sandbox.ts";
export * from "./scope.ts";
export * from "./study.ts";
export * from "./workspace.ts";
