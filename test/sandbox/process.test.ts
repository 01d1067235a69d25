import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ProcessSandbox } from "../../src/sandbox/process.ts";
import { sandboxConformance } from "../../src/testing/sandbox-conformance.ts";

const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));

sandboxConformance("ProcessSandbox", async () => new ProcessSandbox({ graceMs: 200 }), fixtures);

it("says that it has no walls", () => {
  const said = new ProcessSandbox().containment.notCovered.join("\n");
  expect(said).toMatch(/files/);
  expect(said).toMatch(/network/);
});
