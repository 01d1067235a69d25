import { afterAll, beforeAll } from "vitest";
import { type WorkspacesUnderTest, workspacesConformance } from "../../src/testing/workspaces-conformance.ts";
import { createPlayground } from "./playground.ts";

let playground: Awaited<ReturnType<typeof createPlayground>>;
let shared: WorkspacesUnderTest;

beforeAll(async () => {
  playground = await createPlayground();
  // One pool for all tests: each finds what the one before left behind.
  shared = await playground.workspaces(await playground.repository());
});
afterAll(() => playground.remove());

workspacesConformance("the git adapter", async () => shared);
