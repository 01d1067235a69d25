/** Scripted adapters and one conformance suite per seam (these need vitest), for tests of adapters written elsewhere. */
export * from "./fake-clock.ts";
export * from "./ledger-conformance.ts";
export * from "./memory-ledger.ts";
export * from "./model-server/index.ts";
export * from "./sample-brief.ts";
export * from "./sample-events.ts";
export * from "./sample-program.ts";
export * from "./sandbox-conformance.ts";
export * from "./scripted-researcher.ts";
export * from "./scripted-sandbox.ts";
export * from "./workspaces-conformance.ts";
